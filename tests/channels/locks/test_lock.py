"""Locks, on every backend."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from typing_extensions import override

from graflow.channels.base import Channel
from graflow.channels.locks import lease as leases
from graflow.channels.memory.memory_backend import MemoryBackend
from graflow.channels.memory_channel import MemoryChannel, MemorySpace
from graflow.exceptions import (
    ChannelTimeoutError,
    ChannelTypeError,
    ChannelValueError,
    LockLostError,
    LockReentryError,
)

Open = Callable[[str], Channel]
Advance = Callable[[float], None]


def in_thread(body: Callable[[], object]) -> list[BaseException]:
    """Run `body` in a thread of its own and return what it raised."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            body()
        except BaseException as error:  # noqa: BLE001 (it is handed on)
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return raised


class Renewed:
    """A channel on which time passes as leases are renewed: no renewal can come too late."""

    def __init__(self) -> None:
        """Make an empty channel."""
        self._now = 0.0
        self._renewals = threading.Semaphore(0)
        parent = self

        class Renewing(MemoryBackend):
            @override
            def renew(self, lock: str, owner: str, lease: int) -> bool:
                renewed = super().renew(lock, owner, lease)
                parent.pass_time(lease / 1000 * 0.75)
                parent._renewals.release()
                return renewed

        self.channel = Channel(Renewing("renewed", MemorySpace(clock=lambda: self._now)))

    def pass_time(self, seconds: float) -> None:
        """Let time pass on the channel, without waiting."""
        self._now += seconds

    def wait(self, renewals: int = 4) -> None:
        """Wait for renewals; without as many as four a lease would have ended."""
        for _ in range(renewals):
            assert self._renewals.acquire(timeout=60)

    def wait_until_free(self, key: str) -> None:
        """Let time pass until the lease ends of a lock that nobody holds."""
        for _ in range(100):
            if not self.is_held(key):
                return
            time.sleep(0.05)  # one last renewal may be under way
            self.pass_time(0.1)
        pytest.fail("the lease is renewed for ever")

    def is_held(self, key: str) -> bool:
        """Tell whether somebody has the lock."""
        raised = in_thread(self.channel.lock(key, timeout=0).__enter__)
        return [type(error) for error in raised] == [ChannelTimeoutError]


@pytest.fixture
def renewed() -> Renewed:
    """An empty channel on which time passes as leases are renewed."""
    return Renewed()


@pytest.mark.needs_system
def test_one_holder_at_a_time(open_channel: Open) -> None:
    """Threads with handles of their own add up without losing anything."""
    total = [0]

    def work() -> None:
        channel = open_channel("shared")
        for _ in range(20):
            with channel.lock("counter", timeout=30):
                seen = total[0]
                time.sleep(0)
                total[0] = seen + 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert total == [80]


@pytest.mark.needs_system
def test_a_lock_that_is_held_is_waited_for_in_vain(open_channel: Open) -> None:
    """After the timeout another thread gets an error of `TimeoutError` kind."""
    one, other = open_channel("shared"), open_channel("shared")

    def wait() -> None:
        with other.lock("key", timeout=0.05):
            pass

    with one.lock("key"):
        (error,) = in_thread(wait)
    assert isinstance(error, ChannelTimeoutError)
    assert in_thread(wait) == []


def test_a_lock_is_not_reentrant(open_channel: Open) -> None:
    """The thread that holds it gets an error at once, through any handle."""
    one, other = open_channel("shared"), open_channel("shared")
    lock = one.lock("key", timeout=30)
    with lock:
        for again in (lock, other.lock("key", timeout=30)):
            with pytest.raises(LockReentryError), again:
                pass
    with other.lock("key", timeout=0):
        pass


def test_fencing_numbers_grow(open_channel: Open) -> None:
    """Each holder has a larger number than the one before; nobody else has one."""
    lock = open_channel("shared").lock("key")
    with lock:
        first = lock.fence
        with pytest.raises(LockLostError):
            open_channel("shared").lock("key").fence  # noqa: B018 (reading it raises)
    with open_channel("shared").lock("key") as other:
        assert other.fence > first


@pytest.mark.needs_system
def test_a_lock_is_no_key(channel: Channel) -> None:
    """Values of the same name, `keys` and `clear` have nothing to do with it."""
    with channel.lock("key") as lock:
        channel.set("key", 1)
        assert channel.keys() == ["key"]
        channel.clear()
        (error,) = in_thread(lambda: channel.lock("key", timeout=0).__enter__())
        assert isinstance(error, ChannelTimeoutError)
        assert not lock.lost


@pytest.mark.needs_system
def test_a_lock_that_was_lost_raises_on_exit(open_channel: Open, advance: Advance) -> None:
    """When the lease ended, another may hold it; the loser is told and frees nothing."""
    one, other = open_channel("shared"), open_channel("shared")
    loser = one.lock("key", lease=60)
    loser.__enter__()
    advance(100)
    successor = other.lock("key", timeout=0)
    assert in_thread(successor.__enter__) == []
    with pytest.raises(LockLostError):
        loser.__exit__(None, None, None)
    (error,) = in_thread(lambda: other.lock("key", timeout=0).__enter__())
    assert isinstance(error, ChannelTimeoutError)


def test_the_error_of_the_body_stays_reachable(channel: Channel, advance: Advance) -> None:
    """A body that fails under a lost lock has its error chained."""

    def body() -> None:
        with channel.lock("key", lease=60):
            advance(100)
            raise ZeroDivisionError

    with pytest.raises(LockLostError) as caught:
        body()
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    with pytest.raises(ZeroDivisionError), channel.lock("key"):
        raise ZeroDivisionError


@pytest.mark.needs_system
def test_the_lease_is_renewed_while_the_body_runs(renewed: Renewed) -> None:
    """A body much longer than its lease keeps the lock."""
    with renewed.channel.lock("key", lease=0.15) as lock:
        renewed.wait()
        assert renewed.is_held("key")
        assert not lock.lost
    assert not renewed.is_held("key")


@pytest.mark.needs_system
def test_a_thread_that_ends_without_releasing_lets_the_lease_end(renewed: Renewed) -> None:
    """Nobody could release its lock any more, so it is not renewed for ever."""
    assert in_thread(renewed.channel.lock("key", lease=0.15).__enter__) == []
    assert renewed.is_held("key")
    renewed.wait_until_free("key")


@pytest.mark.needs_system
def test_a_lock_that_is_dropped_while_it_is_held_lets_the_lease_end(renewed: Renewed) -> None:
    """Nobody can release it any more: not at once, and not long after its renewals began."""
    dropped_at_once = renewed.channel.lock("a", lease=0.15).__enter__
    dropped_later = renewed.channel.lock("b", lease=0.15)
    dropped_at_once()
    del dropped_at_once
    dropped_later.__enter__()
    renewed.wait()
    assert renewed.is_held("b")
    assert not renewed.is_held("a")
    del dropped_later
    renewed.wait_until_free("b")


@pytest.mark.needs_system
def test_a_body_that_is_suspended_keeps_the_lock(renewed: Renewed) -> None:
    """That of a generator whose lock has no other name; when it is closed the lock is free."""

    def body() -> Iterator[None]:
        with renewed.channel.lock("key", lease=0.15):
            yield

    suspended = body()
    next(suspended)
    gc.collect()
    renewed.wait()
    assert renewed.is_held("key")
    del suspended
    gc.collect()
    assert not renewed.is_held("key")


@contextmanager
def no_threads() -> Iterator[None]:
    """Let none be started: each would take more memory than there is."""
    before = threading.stack_size(1 << 60)
    try:
        yield
    finally:
        threading.stack_size(before)


@pytest.mark.needs_system
def test_a_lock_whose_lease_nobody_could_renew_is_not_taken(
    renewed: Renewed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system has no thread to give; later, when it has one, the lock is free."""
    monkeypatch.setattr(leases, "_renewer", leases._Renewer())
    with no_threads(), pytest.raises(RuntimeError, match="thread"):
        renewed.channel.lock("key").__enter__()
    with renewed.channel.lock("key", timeout=0, lease=0.15) as lock:
        renewed.wait()
        assert not lock.lost


@pytest.mark.needs_system
def test_a_lease_is_renewed_when_there_is_a_thread_again(renewed: Renewed) -> None:
    """For a while the system has none to give."""
    with renewed.channel.lock("another"), renewed.channel.lock("key", lease=3) as lock:
        with no_threads():
            time.sleep(1.2)  # the first renewal is due after a second
        renewed.wait(1)
        assert not lock.lost


def test_times_that_can_not_be_are_refused(channel: Channel) -> None:
    """A lease must be greater than 0; a timeout may be 0, in any of its forms."""
    for lease in (0, -1):
        with pytest.raises(ChannelValueError):
            channel.lock("key", lease=lease)
    with pytest.raises(ChannelValueError):
        channel.lock("key", timeout=-1)
    for flag in (False, True):
        with pytest.raises(ChannelTypeError):
            channel.lock("key", timeout=flag)
    for nothing in (0, 0.0, timedelta(0)):
        with channel.lock("key", timeout=nothing):
            assert channel.keys() == []


def test_an_interrupted_wait_leaves_no_lock() -> None:
    """Ctrl-C may come when the lock has been granted, and before the caller knows of it."""
    space = MemorySpace()

    class Interrupted(MemoryBackend):
        """A channel whose user loses patience at that moment."""

        @override
        def acquire(self, lock: str, owner: str, lease: int, least: int = 0) -> int | str:
            super().acquire(lock, owner, lease, least)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), Channel(Interrupted("a", space)).lock("lock"):
        pass
    with MemoryChannel("a", space=space).lock("lock", timeout=0) as lock:
        assert not lock.lost


def test_a_backend_knows_who_holds_a_lock(
    channel: Channel, advance: Callable[[float], None]
) -> None:
    """The owner may ask again, as after a lost reply, and keeps the number; others get his name."""
    lease = 10_000_000
    fence = channel.backend.acquire("key", "me", lease)
    assert type(fence) is int
    assert channel.backend.acquire("key", "me", lease) == fence
    assert channel.backend.acquire("key", "another", lease) == "me"
    advance(9_995)
    assert channel.backend.acquire("key", "another", lease) == "me"
    assert channel.backend.renew("key", "me", lease)
    assert not channel.backend.renew("key", "another", lease)
    assert not channel.backend.renew("free", "me", lease)
    assert channel.backend.acquire("key", "me", lease) == fence
    assert channel.backend.renew("key", "me", lease)
    advance(9_995)
    assert channel.backend.acquire("key", "another", lease) == "me"
    advance(10)
    assert not channel.backend.renew("key", "me", lease)
    second = channel.backend.acquire("key", "another", lease)
    assert type(second) is int
    assert second > fence
    assert not channel.backend.release("key", "me")
    assert channel.backend.release("key", "another")
    assert not channel.backend.release("key", "another")
