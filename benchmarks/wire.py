"""Channels on a server, over a socket with hiredis, which is the least that Python can do."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from itertools import count
from typing import Any

import hiredis

from benchmarks.ratios import Row, ratio
from graflow import RedisChannel
from graflow.channels.redis.scripts import script

__all__ = ["on_a_server"]

_SET = script("set")


class Wire:
    """A connection on which commands are packed, sent, received and parsed, and nothing else."""

    def __init__(self, port: int) -> None:
        """Connect to a server on this machine."""
        self._sock = socket.create_connection(("127.0.0.1", port))
        self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._reader: Any = hiredis.Reader()  # which takes buffers too
        self._buffer = bytearray(16_384)

    def ask(self, *command: Any) -> Any:
        """Send a command, and return the reply."""
        self._sock.sendall(hiredis.pack_command(command))
        reply: Any = False
        while reply is False:
            received = self._sock.recv_into(self._buffer)
            self._reader.feed(self._buffer, 0, received)
            reply = self._reader.gets(False)
        return reply

    def close(self) -> None:
        """Close the connection."""
        self._sock.close()


def on_a_server(port: int, channel: RedisChannel, value: Any, text: bytes) -> Iterator[Row]:
    """Measure single operations over the same commands on the wire.

    Args:
        port: Of the server.
        channel: A channel on it.
        value: What is set.
        text: The same, encoded.
    """
    wire = Wire(port)
    wire.ask("SCRIPT", "LOAD", _SET.source)
    until = int(wire.ask("TIME")[0]) + 3_600
    tokens = count()
    keys = (b"graflow:{wire}:k:user", b"graflow:{wire}:i", b"graflow:{wire}:t:%b:0" % (b"f" * 32))

    def set_on_the_wire() -> None:
        token = b"%010d:%d:" % (until, next(tokens))
        reply = wire.ask(b"EVALSHA", _SET.sha, 3, *keys, token, b"user", text)
        assert reply is None, reply

    channel.set("user", value)
    yield (
        "set, over the same script on the wire",
        ratio(lambda: channel.set("user", value), set_on_the_wire, 300),
        1.40,
    )
    yield (
        "get, over GET on the wire",
        ratio(lambda: channel.get("user"), lambda: wire.ask("GET", keys[0]), 300),
        1.40,
    )
    wire.close()
