"""Release of a lock, which a cancellation does not prevent."""

from __future__ import annotations

from functools import partial

from graflow.channels.commits.commit import Steps
from graflow.channels.locks.lock_steps import FreeLater, Release
from graflow.channels.operation.waiting_requests import Insist
from graflow.exceptions import ChannelError, GraflowError

__all__ = ["let_go"]


def let_go(lock: str, owner: str, lease: int) -> Steps[bool]:
    """Release a lock, and tell whether the owner had it.

    If this is cancelled or interrupted before the lock is known to be free, it is released first,
    or in the background if its server is away, or the event loop closed.
    """
    try:
        released: bool = yield Release(lock, owner)
    except GraflowError:
        raise
    except (GeneratorExit, Exception):  # nobody, or no loop, is there to do it
        yield FreeLater(lock, owner, lease)
        raise
    except BaseException:
        try:
            yield Insist(partial(_release, lock, owner))
        except ChannelError:
            yield FreeLater(lock, owner, lease)
        raise
    return released


def _release(lock: str, owner: str) -> Steps[bool]:
    released: bool = yield Release(lock, owner)
    return released
