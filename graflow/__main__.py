"""Entry point of the command `graflow`, which is also `python -m graflow`."""

from __future__ import annotations

import importlib
import sys

import graflow
from graflow.exceptions import ExtraMissingError
from graflow.system.extras import require

__all__ = ["main"]

_UNUSABLE = 2  # the exit status if nothing could be tried
_INTERRUPTED = 130  # as shells have it


def main() -> None:
    """Run the command, or say which library is missing."""
    try:
        _start()
    except ExtraMissingError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(_UNUSABLE)
    except KeyboardInterrupt:  # while it is imported
        sys.exit(_INTERRUPTED)


def _start() -> None:
    for library in ("typer", "rich"):
        require(library, "cli", "the command graflow")
    command = importlib.import_module("graflow.command.command_line")
    command.start(graflow.__version__)


if __name__ == "__main__":
    main()
