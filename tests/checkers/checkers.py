"""Type checkers, and on which lines of a folder each of them reports errors."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.paths import ROOT

__all__ = ["CHECKERS", "WITH_PLUGIN", "Checker", "Report", "write_settings"]

_MYPY: Final = "mypy", "--config-file", "{name}.ini", "--cache-dir", "../{name} cache", "."
_MYPY_ERROR: Final = r"(?P<path>[^:]+):(?P<line>\d+): error: (?P<text>.*)"


@dataclass(frozen=True)
class Report:
    """An error as a checker reports it.

    Attributes:
        path: The file, from the folder that was checked.
        line: The number of the line.
        text: What is said.
    """

    path: str
    line: int
    text: str


@dataclass(frozen=True)
class Checker:
    """A type checker.

    Attributes:
        name: What the tables call it.
        command: What Python runs as a module, in the folder to check. What mypy keeps of graflow is
            beside that folder, for the next one.
        error: What a line of its output with an error looks like.
    """

    name: str
    command: tuple[str, ...]
    error: str

    def errors(self, folder: Path) -> list[Report]:
        """Return the errors in the modules of a folder that `write_settings` has been to."""
        command = [each.format(name=self.name) for each in self.command]
        done = subprocess.run(
            [sys.executable, "-m", *command],
            cwd=folder,
            env=_environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        found = list(self._reports(done.stdout.splitlines(), folder))
        assert done.returncode == bool(found), done.stdout + done.stderr
        return found

    def _reports(self, lines: Iterable[str], folder: Path) -> Iterable[Report]:
        for line in lines:
            if match := re.fullmatch(self.error, line):
                path = (folder / match["path"]).resolve().relative_to(folder.resolve())
                yield Report(path.as_posix(), int(match["line"]), match["text"])

    def __str__(self) -> str:
        """Return the name."""
        return self.name


WITH_PLUGIN: Final = Checker("mypy with plugin", _MYPY, _MYPY_ERROR)
"""Mypy with the plugin `graflow_mypy`."""

CHECKERS: Final = (
    Checker("mypy", _MYPY, _MYPY_ERROR),
    Checker(
        "pyright",
        ("pyright", "--pythonpath", sys.executable),
        r" *(?P<path>[^:]+):(?P<line>\d+):\d+ - error: (?P<text>.*)",
    ),
    Checker(
        "ty",
        ("ty", "check", "--output-format", "concise"),
        r"(?P<path>[^:]+):(?P<line>\d+):\d+: error(?P<text>\[.*)",
    ),
    Checker(
        "pyrefly",
        ("pyrefly", "check", "--output-format", "min-text"),
        r"ERROR (?P<path>[^:]+):(?P<line>\d+):[\d:-]+ (?P<text>.*)",
    ),
)
"""The checkers that know no plugin."""

_MYPY_SETTINGS: Final = """\
[mypy]
mypy_path = {root}
follow_imports = silent
python_version = 3.11
explicit_package_bases = True
enable_incomplete_feature = TypeForm
disable_error_code = no-redef
{more}
"""
_TY_SETTINGS: Final = """\
[environment]
python = "{python}"
python-version = "3.11"
extra-paths = ["{root}"]
"""
_PYREFLY_SETTINGS: Final = """\
preset = "default"
python-version = "3.11"
python-interpreter-path = "{python}"
search-path = [".", "{root}"]
check-unannotated-defs = true
"""


def write_settings(folder: Path) -> None:
    """Write the settings of all checkers into a folder: each as it comes, on Python 3.11.

    They find graflow here and all else where this Python has it, look into functions without
    annotations, and let a name be defined again: the snippets of a page are one module.
    """
    check_all = "check_untyped_defs = True"
    for name, more in (
        ("mypy", check_all),
        ("mypy with plugin", f"{check_all}\nplugins = graflow_mypy"),
    ):
        (folder / f"{name}.ini").write_text(_MYPY_SETTINGS.format(root=ROOT, more=more))
    pyright = {
        "pythonVersion": "3.11",
        "extraPaths": [str(ROOT)],
        "reportUnusedExpression": False,  # `a >> b` is how tasks are composed
        "reportRedeclaration": False,
    }
    (folder / "pyrightconfig.json").write_text(json.dumps(pyright))
    paths = {"python": sys.executable, "root": ROOT}
    (folder / "ty.toml").write_text(_TY_SETTINGS.format_map(paths))
    (folder / "pyrefly.toml").write_text(_PYREFLY_SETTINGS.format_map(paths))


def _environment() -> dict[str, str]:
    """Return the environment of a checker: what this process has, and the plugin of this tree."""
    return os.environ | {
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "stubs")]),
        "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1",
    }
