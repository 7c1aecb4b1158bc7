"""Entry point of the command: `python -m graflow.testing redis://host:port/db`."""

from __future__ import annotations

import importlib
import sys

from graflow.exceptions import ExtraMissingError
from graflow.testing.extra import of_the_extra

__all__ = ["main"]

_UNUSABLE = 2  # the exit status if nothing could be tried


def main() -> None:
    """Run the command, or say which library is missing."""
    try:
        with of_the_extra("python -m graflow.testing"):
            command = importlib.import_module("graflow.testing.command.command_line")
    except ExtraMissingError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(_UNUSABLE)
    command.start()


if __name__ == "__main__":
    main()
