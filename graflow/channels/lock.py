"""Locks: mutual exclusion among handles, threads, processes and machines."""

from __future__ import annotations

import random
import threading
import time
from types import TracebackType
from typing import Self

from graflow.channels.hidden import shown_key
from graflow.channels.identity import new_owner, same_thread
from graflow.channels.lease import Holding, LockPrimitives
from graflow.channels.rules import Seconds, milliseconds
from graflow.exceptions import ChannelError, ChannelTimeoutError, LockLostError, LockReentryError

__all__ = ["ChannelLock"]

_FIRST_PAUSE = 0.001  # seconds between two attempts, doubled up to the longest
_LONGEST_PAUSE = 0.05


class ChannelLock:
    """A lock of a channel, held while the body of a `with` runs.

    The lease is renewed in the background while the process lives, so a long body keeps the
    lock, and the lock of a process that died is free when its lease ends. `Channel.lock` makes
    one; it may be entered many times, also by several threads, who then wait for each other.
    """

    def __init__(self, channel: LockPrimitives, key: str, timeout: Seconds, lease: Seconds) -> None:
        """Prepare the lock; `Channel.lock` explains the arguments."""
        self._channel = channel
        self._key = key
        self._timeout = milliseconds(timeout, "timeout", or_zero=True) / 1000
        self._lease = milliseconds(lease, "lease")
        self._holdings: dict[int, Holding] = {}

    @property
    def fence(self) -> int:
        """The fencing number: each holder's is larger than that of the holder before.

        Hand it to what the lock protects, so that it can refuse the late writes of a holder
        that has lost the lock.

        Raises:
            LockLostError: This thread does not hold the lock.
        """
        holding = self._holdings.get(threading.get_ident())
        if holding is None:
            raise self._error(LockLostError, "is not held by this thread")
        return holding.fence

    @property
    def lost(self) -> bool:
        """Whether this thread is known to have lost the lock, for a long body to look at."""
        holding = self._holdings.get(threading.get_ident())
        return holding is not None and holding.lost

    def __enter__(self) -> Self:
        """Wait for the lock and take it."""
        self._holdings[threading.get_ident()] = self._wait()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Free the lock, and raise if it was lost while the body ran."""
        if self._holdings.pop(threading.get_ident()).release():
            return
        lost = self._error(LockLostError, "was lost while its body ran: the lease had ended")
        if error is None or isinstance(error, Exception):
            raise lost from error
        error.add_note(str(lost))

    def _wait(self) -> Holding:
        owner = new_owner()
        deadline = time.monotonic() + self._timeout
        pause = _FIRST_PAUSE
        while True:
            started = time.monotonic()
            try:
                answer = self._channel._acquire(self._key, owner, self._lease)
                if isinstance(answer, int):
                    return Holding(self._channel, self._key, owner, answer, self._lease, started)
            except ChannelError:
                raise
            except BaseException:  # Ctrl-C, or no thread to renew; the lock may have been granted
                self._channel._release(self._key, owner)
                raise
            if same_thread(answer, owner):
                raise self._error(LockReentryError, "is held by this thread already")
            left = deadline - time.monotonic()
            if left <= 0:
                raise self._error(ChannelTimeoutError, f"was not free within {self._timeout:g} s")
            time.sleep(min(left, pause * random.uniform(0.5, 1.5)))
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _error(self, kind: type[ChannelError], what: str) -> ChannelError:
        return kind(
            f"the lock {shown_key(self._key)!r} of channel {self._channel.name!r} {what}",
            channel=self._channel.name,
            key=shown_key(self._key),
        )
