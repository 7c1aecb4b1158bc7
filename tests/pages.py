"""Pages of the documentation: modules in them, and what goes before their snippets."""

from __future__ import annotations

import re
from pathlib import Path

from tests.paths import ROOT

__all__ = ["PRELUDE", "write_modules"]

PRELUDE = """
from redis import Redis

from graflow import parallel, task, workflow

redis_client = Redis.from_url("{url}")


@task
def task_a() -> str:
    return "a"


@task
def task_b() -> str:
    return "b"


"""
"""What the specification leaves to the reader: a client at `url`, and two tasks."""

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
