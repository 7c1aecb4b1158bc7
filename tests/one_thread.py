"""A process without threads, as in WebAssembly: a context, and a plugin for pytest.

`python -m pytest -p tests.one_thread` runs tests so, but those that need more.
"""

from __future__ import annotations

import _thread
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Never

import pytest

from graflow.system import calls_in_threads, without_threads

__all__ = ["one_thread"]


@contextmanager
def one_thread() -> Iterator[None]:
    """Let no thread be started, and let the platform be one that may have none."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(without_threads, "_PLATFORMS", {sys.platform})
        patch.setattr(calls_in_threads._threads, "_pool", None)
        patch.setattr(_thread, "start_new_thread", _refuse)
        patch.setattr(threading.Thread, "start", _refuse)
        yield


def _refuse(*_: object) -> Never:
    raise RuntimeError("can't start new thread")


def pytest_configure(config: pytest.Config) -> None:
    """Begin to refuse, until the end."""
    stack = ExitStack()
    stack.enter_context(one_thread())
    config.add_cleanup(stack.close)
