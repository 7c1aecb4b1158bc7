"""Compare two ways in which threads may reach a server: a connection each, or one for all.

On the shared one, whoever has it sends what all have handed in, in one write, and hands out the
replies in their order. Each is as little as it can be; printed are the medians of several rounds.
"""

from __future__ import annotations

import socket
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from statistics import median
from threading import Lock, local
from typing import Any, Protocol

import hiredis
from rich.console import Console
from rich.table import Table

from tests.servers import run_server

ROUNDS = 15
THREADS = 8
TIMES = 300
VALUE = b"v" * 90


class Sender(Protocol):
    """A way to a server, for any number of threads."""

    def ask(self, *command: bytes) -> Any:
        """Send a command, and return the reply."""


class Connection:
    """A connection that one thread uses at a time."""

    def __init__(self, port: int) -> None:
        """Connect."""
        self._sock = socket.create_connection(("127.0.0.1", port))
        self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._reader: Any = hiredis.Reader()
        self._buffer = bytearray(16_384)

    def send(self, data: bytes) -> None:
        """Send commands."""
        self._sock.sendall(data)

    def receive(self) -> Any:
        """Return the next reply."""
        while (reply := self._reader.gets(False)) is False:
            count = self._sock.recv_into(self._buffer)
            self._reader.feed(self._buffer, 0, count)
        return reply


class Pool:
    """A connection for each thread that sends at the same time."""

    def __init__(self, port: int) -> None:
        """Have none yet."""
        self._port = port
        self._idle: deque[Connection] = deque()

    def ask(self, *command: bytes) -> Any:
        """Send a command, and return the reply."""
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = Connection(self._port)
        connection.send(hiredis.pack_command(command))  # type: ignore[arg-type]  # too narrow
        reply = connection.receive()
        self._idle.append(connection)
        return reply


class Asked:
    """What a thread has handed in."""

    def __init__(self) -> None:
        """Wait for nothing yet."""
        self.data = b""
        self.reply: Any = None
        self.leads = False
        self.woken = Lock()
        self.woken.acquire()


class Shared:
    """One connection for all threads."""

    def __init__(self, port: int) -> None:
        """Connect."""
        self._connection = Connection(port)
        self._lock = Lock()
        self._handed_in: list[Asked] = []
        self._is_led = False
        self._of_thread = local()

    def ask(self, *command: bytes) -> Any:
        """Send a command, and return the reply."""
        mine: Asked | None = getattr(self._of_thread, "asked", None)
        if mine is None:
            mine = self._of_thread.asked = Asked()
        mine.data = hiredis.pack_command(command)  # type: ignore[arg-type]
        with self._lock:
            self._handed_in.append(mine)
            leads, self._is_led = not self._is_led, True
        if not leads:
            mine.woken.acquire()
            if not mine.leads:
                return mine.reply
        self._send_for_all(mine)
        return mine.reply

    def _send_for_all(self, mine: Asked) -> None:
        with self._lock:
            together, self._handed_in = self._handed_in, []
        self._connection.send(b"".join([each.data for each in together]))
        for each in together:
            each.reply = self._connection.receive()
            if each is not mine:
                each.leads = False
                each.woken.release()
        with self._lock:
            if self._handed_in:
                self._handed_in[0].leads = True
                self._handed_in[0].woken.release()
            else:
                self._is_led = False


def measure(sender: Sender) -> tuple[float, float]:
    """Return how many commands are answered in a second, and the 99th percentile in µs."""
    taken: list[float] = []

    def work(number: int) -> None:
        key = b"key %d" % number
        times = []
        for _ in range(TIMES):
            for command in ((b"SET", key, VALUE), (b"GET", key)):
                started = time.perf_counter()
                sender.ask(*command)
                times.append(time.perf_counter() - started)
        taken.extend(times)

    started = time.perf_counter()
    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(work, range(THREADS)))
    passed = time.perf_counter() - started
    return len(taken) / passed, sorted(taken)[len(taken) * 99 // 100] * 1e6


def main() -> None:
    """Measure, and print the table."""
    table = Table("8 threads have", "commands a second", "p99, µs")
    with run_server("valkey-9") as server:
        senders: dict[str, Sender] = {
            "a connection each": Pool(server.port),
            "one connection": Shared(server.port),
        }
        found: dict[str, list[tuple[float, float]]] = {name: [] for name in senders}
        for _ in range(ROUNDS):
            for name, sender in senders.items():
                found[name].append(measure(sender))
    for name, rounds in found.items():
        rate, late = (median(each) for each in zip(*rounds, strict=True))
        table.add_row(name, f"{rate:,.0f}", f"{late:,.0f}")
    Console().print(table)


if __name__ == "__main__":
    main()
