"""Running a command as a test."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

__all__ = ["run"]


def run(*command: str | Path, cwd: Path) -> str:
    """Run a command in `cwd`, and return what it printed.

    If it fails, so does the test, and shows what was printed. Settings of Python that this
    process has in its environment are not passed on.
    """
    environment = {name: text for name, text in os.environ.items() if name[:6] != "PYTHON"}
    done = subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = f"{done.stdout}\n{done.stderr}"
        pytest.fail(f"{' '.join(map(str, command))} failed:\n{said}", pytrace=False)
    return done.stdout
