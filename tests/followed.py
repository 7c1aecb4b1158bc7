"""Pages that are followed as a reader does: their files saved, their commands run."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tests.paths import ROOT

__all__ = ["follow", "save"]

_BLOCK: Final = re.compile(
    r"^```(?P<language>python|ini|console)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL
)
_FILE: Final = re.compile(r"# ([\w.]+)\n")
_PROGRAMS: Final = {
    "python": [sys.executable],
    "mypy": [sys.executable, "-m", "mypy"],
    "graflow": [sys.executable, "-m", "graflow"],
}


def follow(text: str, folder: Path, replaced: Mapping[str, str]) -> str:
    """Follow a page in a folder, and return it with what its commands print now.

    A block whose first line is a comment with the name of a file is saved under that name. In a
    `console` block, lines that begin with `$ ` are commands; what they print stands below them.

    Args:
        text: The page.
        folder: Where its files are.
        replaced: What to use in commands in place of what the page says, such as an address.
    """

    def replace(match: re.Match[str]) -> str:
        if match["language"] != "console":
            _save(match["body"], folder)
            return match[0]
        commands = re.findall(r"^\$ (.*)\n", match["body"], re.MULTILINE)
        shown = (f"$ {command}\n{_run(command, folder, replaced)}" for command in commands)
        return f"```console\n{''.join(shown)}```"

    return _BLOCK.sub(replace, text)


def save(text: str, folder: Path) -> None:
    """Save the files of a page, without running anything."""
    for match in _BLOCK.finditer(text):
        if match["language"] != "console":
            _save(match["body"], folder)


def _save(body: str, folder: Path) -> None:
    if name := _FILE.match(body):
        (folder / name[1]).write_text(body, "utf-8")


def _run(command: str, folder: Path, replaced: Mapping[str, str]) -> str:
    for shown, used in replaced.items():
        command = command.replace(shown, used)
    program, *arguments = shlex.split(command)
    done = subprocess.run(
        [*_PROGRAMS[program], *arguments],
        cwd=folder,
        env=_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.stdout


def _environment() -> dict[str, str]:
    """Return the environment of a reader who has installed graflow, and its plugin, from here."""
    paths = os.pathsep.join([str(ROOT), str(ROOT / "stubs")])
    return os.environ | {"PYTHONPATH": paths, "MYPYPATH": str(ROOT), "MYPY_CACHE_DIR": "cache"}
