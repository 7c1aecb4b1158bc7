"""Blocks of the how-to pages, each run or read as what it is.

| block | what is done with it |
| --- | --- |
| `python` with `# name.py` in its first line | written to a file, for the other blocks |
| `python` | runs, after those before it |
| `ipython` | runs as a cell of a notebook, with `await` outside functions |
| `text` | compared with what the blocks before it printed |
| `console` | commands run, after `$`; what they print is compared, `...` stands for anything |
| `sh`, `yaml`, `dockerfile` | read, for mistakes in the syntax |
| `py`, `crontab` | nothing: code for another library, or another program |
"""

from __future__ import annotations

import ast
import asyncio
import doctest
import os
import re
import subprocess
import sys
from collections.abc import Coroutine
from pathlib import Path

import yaml
from sybil import Example, Sybil
from sybil.evaluators.python import PythonEvaluator
from sybil.parsers.markdown import CodeBlockParser

from tests.paths import ROOT

__all__ = ["IS_MODULE", "PAGES", "SNIPPETS", "environment"]

PAGES = sorted((ROOT / "docs/how-to").glob("*.md"))

IS_MODULE = re.compile(r"# \w+\.py\n")
_INSTRUCTIONS = (
    "ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK RUN STOPSIGNAL USER VOLUME WORKDIR"
)


_run_python = PythonEvaluator()


def _python(example: Example) -> None:
    if not IS_MODULE.match(example.parsed):
        _run_python(example)


def _cell(example: Example) -> None:
    """Run a cell of a notebook on its loop."""
    names = example.namespace
    flag = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    code = compile(example.parsed, example.path, "exec", flags=flag, dont_inherit=True)
    runner: asyncio.Runner = names["runner"]

    async def run() -> None:
        waiting = eval(code, names)
        if isinstance(waiting, Coroutine):
            await waiting

    runner.run(run())


def _printed(example: Example) -> str | None:
    """Compare a `text` block with what the blocks above it printed."""
    printed = example.namespace["capsys"].readouterr().out
    return None if printed == example.parsed else f"this was printed:\n{printed}"


def environment() -> dict[str, str]:
    """Return what programs of a page need in their environment to find graflow."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    python = os.pathsep.join([str(ROOT), str(ROOT / "stubs")])
    return {**os.environ, "PATH": path, "PYTHONPATH": python}


def _console(example: Example) -> str | None:
    """Run commands, and compare what they print."""
    for part in re.split(r"^\$ ", example.parsed, flags=re.MULTILINE)[1:]:
        command, _, wanted = part.partition("\n")
        done = subprocess.run(
            command, shell=True, env=environment(), capture_output=True, text=True, check=False
        )
        if not doctest.OutputChecker().check_output(wanted, done.stdout, doctest.ELLIPSIS):
            return f"{command} printed:\n{done.stdout}\n{done.stderr}"
    return None


def _sh(example: Example) -> None:
    subprocess.run(["sh", "-n"], input=example.parsed, text=True, check=True)


def _yaml(example: Example) -> None:
    yaml.safe_load(example.parsed)


def _dockerfile(example: Example) -> str | None:
    for line in example.parsed.replace("\\\n", " ").splitlines():
        if line and not line.startswith("#") and line.split()[0] not in _INSTRUCTIONS.split():
            return f"no instruction of a Dockerfile: {line}"
    return None


SNIPPETS = Sybil(
    [
        *(
            CodeBlockParser(language, evaluate)
            for language, evaluate in {
                "python": _python,
                "ipython": _cell,
                "text": _printed,
                "console": _console,
                "sh": _sh,
                "yaml": _yaml,
                "dockerfile": _dockerfile,
            }.items()
        ),
    ]
)
