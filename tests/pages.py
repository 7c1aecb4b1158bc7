"""Modules in pages of the documentation: snippets that begin with the name of a file."""

from __future__ import annotations

import re
from pathlib import Path

from tests.paths import ROOT

__all__ = ["write_modules"]

_MODULE = re.compile(r"^```python\n(# (\w+\.py)\n.*?)^```$", re.MULTILINE | re.DOTALL)


def write_modules(page: str, folder: Path) -> list[str]:
    """Write the modules of a page into files, and return their names.

    Args:
        page: The path of the page, from the root of the repository.
        folder: Where the files are written.
    """
    found = _MODULE.findall((ROOT / page).read_text())
    for code, name in found:
        (folder / name).write_text(code)
    return [name for _, name in found]
