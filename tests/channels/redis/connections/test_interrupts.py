"""Operations that a signal interrupts: no connection is lost, and no reply is taken by another."""

from __future__ import annotations

import gc
import math
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from itertools import count
from types import FrameType
from typing import Any

import pytest

from graflow.channels.process_ids import Slot
from graflow.channels.redis.connections import exchange, pool_sender
from graflow.channels.redis_channel import RedisChannel
from tests.servers import Server, run_server

FILES = {exchange.__file__, pool_sender.__file__}
MOMENT = "opcode" if sys.version_info < (3, 12) else "line"
"""What may be interrupted; newer Pythons tell of some instructions twice, or not at all."""

FINALIZER = "_end"  # an interrupt in a finalizer is reported, and is lost


@pytest.fixture
def server(servers: Callable[[str], Server]) -> Server:
    """A server, of the kind that is asked by default."""
    return servers("valkey-9")


def sender_of(channel: RedisChannel) -> Any:
    """Return what has the connections of a channel."""
    backend: Any = channel.backend
    return backend._primitives.transport._route.link


# A signal handler may raise between any two instructions


def was_interrupted(call: Callable[[], object], at: int) -> bool:
    """Raise an interrupt before an instruction of what has the connections, which is counted."""
    left = at

    def local(frame: FrameType, event: str, _: object) -> Any:
        nonlocal left
        if event == MOMENT and left >= 0:
            left -= 1
            if left < 0:
                raise KeyboardInterrupt
        return local

    def trace(frame: FrameType, event: str, _: object) -> Any:
        code = frame.f_code
        if code.co_filename not in FILES or code.co_name == FINALIZER:
            return None
        frame.f_trace_opcodes, frame.f_trace_lines = MOMENT == "opcode", MOMENT == "line"
        return local

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(before)
    return False


@pytest.mark.parametrize("operation", ["get", "set", "append"])
def test_an_interrupt_at_any_moment_costs_no_connection(server: Server, operation: str) -> None:
    """The only one that there may be can be had again, and what is read on it is what was asked."""
    with RedisChannel("once", url=server.url, max_connections=1, timeout=60) as channel:
        channel.clear()
        calls: dict[str, Callable[[], object]] = {
            "get": lambda: channel.get("key"),
            "set": lambda: channel.backend.put("other", b"2", None),
            "append": lambda: channel.append("list", 3),
        }
        for call in calls.values():
            call()  # the server knows the scripts, and nothing is refused
        gc.collect()
        gc.freeze()  # what is there is not looked at below, again and again
        for at in count():
            channel.set("key", at)
            if not was_interrupted(calls[operation], at):
                break
            gc.collect()  # tracing leaves frames in cycles
            sender = sender_of(channel)
            assert len(sender._pool._in_use_connections) == len(sender._idle)
            assert channel.get("key") == at
        assert at > (50 if MOMENT == "opcode" else 15)
        channel.clear()


def test_who_loses_an_exchange_loses_no_connection(server: Server) -> None:
    """The only one that there may be is closed, and can be had again."""
    with RedisChannel("lost", url=server.url, max_connections=1, timeout=60) as channel:
        channel.set("key", 1)
        sender_of(channel).take(math.inf)
        assert channel.get("key") == 1
        channel.clear()


# A signal handler may fork, and the operation goes on in both processes


def use(channel: RedisChannel, count: int) -> bool:
    """Tell whether all is read as it was written."""
    process, right = os.getpid(), True
    for number in range(count):
        channel.set(f"{process}", number)
        right = right and channel.get("long") == "x" * 100_000
        right = right and channel.get(f"{process}") == number
    return right


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
@pytest.mark.parametrize("operation", ["get", "set"])
def test_a_fork_in_the_middle_of_an_operation_shares_no_connection(operation: str) -> None:
    """Nor a slot of its changes: both processes write and read what is theirs."""
    children: list[int] = []
    with run_server("valkey-9") as server:
        channel = RedisChannel("fork", url=server.url, timeout=60)
        channel.set("long", "x" * 100_000)
        channel.set("key", 1)
        parent = os.getpid()

        def fork(*_: object) -> None:
            children.append(os.fork())
            if os.getpid() == parent:
                server.thaw()

        before = signal.signal(signal.SIGUSR1, fork)
        try:
            server.freeze()
            alarm = subprocess.Popen(["sh", "-c", f"sleep 0.2; kill -USR1 {parent}"])
            status = 1
            try:
                if operation == "set":
                    channel.set("key", 1)
                status = 0 if channel.get("key") == 1 and use(channel, 20) else 2
            finally:
                if os.getpid() != parent:
                    os._exit(status)
        finally:
            signal.signal(signal.SIGUSR1, before)
        assert alarm.wait() == 0
        assert (status, os.waitstatus_to_exitcode(os.waitpid(children[0], 0)[1])) == (0, 0)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_slot_that_is_in_use_has_another_name_in_a_forked_process() -> None:
    """The server would take a change of the one process for one that the other has made."""
    slot = Slot()
    name = slot.name
    child = os.fork()
    if not child:
        os._exit(slot.name == name)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert slot.name == name
