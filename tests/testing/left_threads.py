"""The end of threads that a broken channel lets wait for ever."""

from __future__ import annotations

import ctypes
import threading
from contextlib import suppress
from typing import Final
from weakref import WeakSet

__all__ = ["end_threads"]

_PATIENCE: Final = 2.0  # seconds, for one that sleeps before it looks again

_deaf: Final[WeakSet[threading.Thread]] = WeakSet()
"""Those that wait where Python can't raise anything in them; they do no harm there."""


class _Heard(BaseException):
    """What a thread raises in itself."""


def end_threads(name: str) -> None:
    """End the threads of a name, as far as they can be.

    CPython 3.11 remembers that an exception is to be raised in some thread until one has raised
    its own. As long as it does, a thread with a profiler never gets into a function. So where a
    thread does not hear, this one raises one.
    """
    left = [each for each in threading.enumerate() if each.name == name and each not in _deaf]
    for thread in left:
        _raise_in(thread, SystemExit)
    for thread in left:
        thread.join(_PATIENCE)
    for thread in left:
        if thread.is_alive():
            _deaf.add(thread)
            _raise_in(thread, None)
            with suppress(_Heard):
                _raise_in(threading.current_thread(), _Heard)
                while True:
                    pass


def _raise_in(thread: threading.Thread, error: type[BaseException] | None) -> None:
    assert thread.ident is not None
    what = ctypes.py_object() if error is None else ctypes.py_object(error)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), what)
