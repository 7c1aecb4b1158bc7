"""Programs and processes that tests start beside themselves."""

from __future__ import annotations

import multiprocessing
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.context import ForkServerContext
from typing import AnyStr

__all__ = ["apart", "attended"]

# What takes long to import. Whoever starts the first process of a kind decides what is there for
# all, so this is one list; what is not installed is passed over.
_LOADED = [
    "graflow.testing",
    "mypy.api",
    "mypy.build",
    "graflow_mypy",
    "tests.backends",
    "tests.proxy",
    "tests.core.travelling",
]


@contextmanager
def attended(process: subprocess.Popen[AnyStr]) -> Iterator[subprocess.Popen[AnyStr]]:
    """Wait for a program at the end of the block, or kill it if the block fails.

    `Popen` by itself waits in either case, so that a failure would show as a test that hangs.
    """
    with process:
        try:
            yield process
        except BaseException:
            process.kill()
            raise


def apart() -> ForkServerContext:
    """Return the way to make processes that share nothing with this one.

    They are forked off one that has only loaded some modules, which saves most of the start.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_LOADED)
    return context
