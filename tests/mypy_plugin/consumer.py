"""Run the cases where graflow is installed: cases come in as JSON, what mypy says goes out."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.mypy_plugin.cases_format import annotated, write_case
from tests.mypy_plugin.runs import Runner


def main() -> None:
    """Read cases by their names, and write each with what mypy says beside its lines."""
    base = Path("consumer").resolve()
    found = {}
    for name, text in json.load(sys.stdin).items():
        folder = base / name
        options = write_case(text, folder)
        found[name] = annotated(text, Runner(folder, options, base / "primed").cold())
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
