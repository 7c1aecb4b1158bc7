"""Looks at a key, again whenever it may have changed, until there is what is waited for."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from graflow.channels.arguments import MISSING
from graflow.channels.backend import Signals
from graflow.channels.commits.commit import Steps
from graflow.channels.operation.waiting_requests import NewWaker, WaitFor
from graflow.system.clock import monotonic
from graflow.system.notices import WaitNotice

__all__ = ["look_in_turn", "look_until"]


def look_until(
    signals: Signals, server: str, key: str, look: Callable[[], Steps[Any]], seconds: float
) -> Steps[Any]:
    """Look until something is found.

    Args:
        signals: They tell when to look again.
        server: The name of the server, for notices of the wait.
        key: The key that it is about, as it is stored.
        look: Returns what is found, or `MISSING`.
        seconds: How long to wait, > 0; `math.inf` for as long as it takes.

    Returns:
        What was found; `MISSING` if there was nothing when the time was over.
    """
    until = monotonic() + seconds
    found = yield from look()
    if found is not MISSING:
        return found
    waker = yield NewWaker()
    subscription = signals.subscribe(lambda keys: waker.wake(), key)
    pause, told = 0.0, WaitNotice("value", server)
    try:
        while True:
            left = until - monotonic()
            found = yield from look()
            if found is not MISSING or left <= 0:
                return found
            pause = signals.pause(pause)
            told.begin()
            yield WaitFor(waker, _limited(min(left, pause)))
    finally:
        told.end()
        subscription.close()


def look_in_turn(
    signals: Signals, server: str, key: str, look: Callable[[], Steps[Any]], seconds: float
) -> Steps[Any]:
    """Look until something is found, as soon as all are gone who came before; see `look_until`.

    What `look` finds it takes away, so that the others have to look for something else.
    """
    until = monotonic() + seconds
    waker = yield NewWaker()
    line, subscription, pause = signals.line(key), None, 0.0
    told = WaitNotice("item", server)
    line.enter(waker)
    try:
        while True:
            left, limit = until - monotonic(), math.inf
            if line.is_first(waker):
                if subscription is None:
                    subscription = signals.subscribe(line.wake_first, key)
                found = yield from look()
                if found is not MISSING:
                    return found
                limit = pause = signals.pause(pause)
            if left <= 0:
                return MISSING
            told.begin()
            yield WaitFor(waker, _limited(min(left, limit)))
    finally:
        told.end()
        if subscription is not None:
            subscription.close()
        line.leave(waker)


def _limited(seconds: float) -> float | None:
    return None if seconds == math.inf else seconds
