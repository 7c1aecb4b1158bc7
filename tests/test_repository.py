"""What is kept in the repository is meant to be there, and whole."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from tests.paths import ROOT

MERGE = re.compile(rb"^(<{7}|\|{7}|>{7}) ", re.MULTILINE)  # `=======` alone may be a heading


def test_nothing_is_kept_that_is_to_be_ignored() -> None:
    """What a machine has for itself, such as `.venv` or a link to a browser, is not committed."""
    assert listed("--cached", "--ignored", "--exclude-standard") == []


def test_no_file_has_marks_of_a_merge() -> None:
    """A conflict of a merge is settled before it is committed, also where no tool reads it."""
    marked = [path for path in kept() if MERGE.search(path.read_bytes())]
    assert marked == []


def kept() -> list[Path]:
    """Return the files of the repository, but for those that were deleted since."""
    found = (ROOT / name for name in listed("--cached"))
    return [path for path in found if path.is_file()]


def listed(*options: str) -> list[str]:
    """Return what `git ls-files` says."""
    command = ["git", "ls-files", "-z", *options]
    found = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return found.stdout.split("\0")[:-1]
