"""Runs of mypy with caches of every kind, each in a process of its own.

The processes are forked off one that has mypy loaded already: that saves most of the start, and
nothing that a run keeps in its process is there in the next one.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import chdir
from pathlib import Path

from mypy import api
from mypy.version import __version__

from tests.patience import PATIENCE
from tests.programs import apart

__all__ = ["MODES", "Runner", "run_mypy"]

CONFIG = """\
[mypy]
plugins = graflow_mypy
mypy_path = site-packages
strict = True
allow_empty_bodies = True
disable_error_code = empty-body
show_error_codes = True
{settings}
[graflow_mypy]
{options}
[mypy-cryptography.*,hiredis.*,markdown_it.*,mdurl.*,redis.*,rich.*]
follow_imports = skip
"""
# What is skipped is used by graflow, but no type in a program depends on it. It is two modules of
# five, and mypy looks at each of them in every run.

# Mypy adds this note to the first of several errors alone, and which is first may differ.
_SAID_ONCE = "note: See https://mypy.readthedocs.io"

# Mypy gives a worker three seconds to start and ten to answer, and has no option for that. A busy
# machine needs more: the clock that mypy looks at goes slower, and what fails is tried again.
_NO_WORKER = "Failed to establish connection with worker"
_SLOWER = 100

_VERSION = tuple(map(int, __version__.split(".")[:2]))
_IS_NEW = _VERSION >= (2, 0)
_OLD = {"database": ["--sqlite-cache"], "files": ["--no-sqlite-cache"]}
_NEW = {
    "database": [],
    "files": ["--no-sqlite-cache"],
    "json": ["--no-fixed-format-cache"],
    "json files": ["--no-sqlite-cache", "--no-fixed-format-cache"],
    "workers": ["-n", "2"],
}

_SETTINGS = "\n".join(
    setting
    for setting, since in (
        ("enable_incomplete_feature = TypeForm", (2, 0)),
        ("fixed_format_cache = False", (2, 2)),  # before, that cache forgot what is a TypeForm
    )
    if since > _VERSION
)

MODES = _NEW if _IS_NEW else _OLD
"""The kinds of cache that this version of mypy has, and workers, as options."""


def run_mypy(folder: Path, arguments: list[str]) -> tuple[str, str, int]:
    """Return what mypy prints in a folder, its errors, and its exit status."""
    with ProcessPoolExecutor(1, mp_context=apart(), max_tasks_per_child=1) as pool:
        return pool.submit(_run, folder, arguments).result()


def _run(folder: Path, arguments: list[str]) -> tuple[str, str, int]:
    began, clock = time.time(), time.time
    time.time = lambda: began + (clock() - began) / _SLOWER
    try:
        with chdir(folder):
            return api.run(arguments)
    except OSError as error:
        return "", f"{_NO_WORKER}: {error}", 2


class Runner:
    """Runs mypy on the package `app` of a folder."""

    def __init__(self, folder: Path, options: str = "", primed: Path | None = None) -> None:
        """Write the configuration.

        Args:
            folder: Where the program is, or will be.
            options: Lines of the plugin's section.
            primed: A folder for a cache that has all but the program. It is filled at first;
                `None` is one in `folder`.
        """
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "mypy.ini").write_text(CONFIG.format(settings=_SETTINGS, options=options))
        self._primed = primed or folder / "primed"

    def cold(self) -> list[str]:
        """Return what mypy says when it has never seen the program."""
        cache = self._folder / "cold"
        shutil.rmtree(cache, ignore_errors=True)
        shutil.copytree(self.prime(), cache)
        return self._run(["--cache-dir", str(cache)], ["app"])

    def again(self) -> list[str]:
        """Return what mypy says with the cache that `cold` left."""
        return self._run(["--cache-dir", str(self._folder / "cold")], ["app"])

    def warm(self, mode: str) -> list[str]:
        """Return what mypy says with the cache of the last time in this mode."""
        cache = self._folder / f"warm {mode}"
        return self._run([*MODES[mode], "--cache-dir", str(cache)], ["app"])

    def prime(self) -> Path:
        """Return the cache that has all but the program, and fill it if it is not there."""
        if not self._primed.exists():
            source = "import graflow, typing_extensions; from graflow import TaskExecutionContext"
            self._run(["--cache-dir", str(self._primed)], ["-c", source])
            shutil.rmtree(self._primed / "graflow_mypy", ignore_errors=True)
        return self._primed

    def _run(self, options: Sequence[str], what: Sequence[str]) -> list[str]:
        out, err, status = run_mypy(self._folder, [*options, *what])
        until = time.monotonic() + PATIENCE
        while _NO_WORKER in err and time.monotonic() < until:
            out, err, status = run_mypy(self._folder, [*options, *what])
        said = [line for line in out.splitlines() if _SAID_ONCE not in line]
        return [f"exit {status}", *sorted(said), *_told(err)]


def _told(errors: str) -> Iterator[str]:
    """Yield what mypy printed as errors of its own."""
    yield from (f"stderr: {line}" for line in errors.splitlines() if line.strip())
