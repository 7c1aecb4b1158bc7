"""A correct backend over a connection, and its server."""

from __future__ import annotations

import pickle
import socket
import socketserver
import struct
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, ClassVar

from typing_extensions import override

from graflow.channels.backend import (
    Add,
    Answer,
    Backend,
    Change,
    Check,
    Conflict,
    Held,
    Pop,
    Push,
    Put,
)
from graflow.system.forks import guard
from tests.testing.dict_channel import DictBackend, Store

__all__ = ["Line", "Server", "Wire", "receive", "send"]

_SIZE = struct.Struct(">I")


class Server(socketserver.ThreadingTCPServer):
    """Carries out on dicts what clients ask for."""

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Requests)
        self.stores: dict[str, Store] = {}


class _Requests(socketserver.BaseRequestHandler):
    """The requests of one connection: a channel, a method of its backend, and arguments."""

    server: Server

    @override
    def handle(self) -> None:
        with suppress(OSError, EOFError):
            while True:
                name, method, args, options = pickle.loads(receive(self.request))
                backend = DictBackend(name, self.server.stores.setdefault(name, Store()))
                try:
                    reply = True, getattr(backend, method)(*args, **options)
                except Exception as error:  # noqa: BLE001 - raised where it was asked for
                    reply = False, error
                send(self.request, pickle.dumps(reply))


def send(connection: socket.socket, message: bytes) -> None:
    """Send a message."""
    connection.sendall(_SIZE.pack(len(message)) + message)


def receive(connection: socket.socket) -> bytes:
    """Receive a message."""
    (size,) = _SIZE.unpack(_read(connection, _SIZE.size))
    return _read(connection, size)


def _read(connection: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        piece = connection.recv(size - len(found))
        if not piece:
            raise EOFError
        found += piece
    return found


class Line:
    """A connection, for one thread of one process at a time."""

    def __init__(self, port: int) -> None:
        self.lock: Any = threading.Lock()
        self.port = port
        self.connection: socket.socket | None = None

    def start_anew(self) -> None:
        """Connect anew in a forked process."""
        self.lock = threading.Lock()
        self.close()

    def close(self) -> None:
        """Hang up."""
        connection, self.connection = self.connection, None
        if connection is not None:
            connection.close()

    def ask(self, *request: Any) -> Any:
        """Ask for something and return the reply."""
        with self.lock:
            return self.exchange(pickle.dumps(request))

    def exchange(self, request: bytes) -> Any:
        """Send a request and return the reply."""
        if self.connection is None:
            self.connection = socket.create_connection(("127.0.0.1", self.port))
        send(self.connection, request)
        return pickle.loads(receive(self.connection))


def _fits(method: str, args: Sequence[Any], reply: Any) -> bool:
    """Tell whether a reply can be one to a request."""
    match method:
        case "read":
            return _has(reply, len(args[0]), Held | None)
        case "commit":
            checks, changes = args
            if isinstance(reply, Conflict):
                return bool(checks)  # nothing else can be in conflict
            is_list = isinstance(reply, list) and len(reply) == len(changes)
            return is_list and all(map(_answers, changes, reply))
        case "keys":
            return isinstance(reply, list) and _has(reply, len(reply), str)
        case _:
            return reply is None


def _answers(change: Change, answer: Any) -> bool:
    """Tell whether an answer can be one to a change."""
    match change:
        case Put():
            return answer is None
        case Push():
            return type(answer) is int
        case Pop():
            return answer is None or isinstance(answer, bytes)
        case Add():
            return isinstance(answer, bytes)
        case _:
            return isinstance(answer, bool)


def _has(reply: Any, number: int, kind: Any) -> bool:
    is_list = isinstance(reply, list) and len(reply) == number
    return is_list and all(isinstance(each, kind) for each in reply)


class Wire(Backend):
    """A correct backend over a connection."""

    line: ClassVar[type[Line]] = Line

    def __init__(self, name: str, port: int) -> None:
        super().__init__(name)
        self.port = port
        self._line = self.line(port)
        self._guard()

    def _guard(self) -> None:
        guard(self._line)

    def __reduce__(self) -> Any:
        return type(self), (self.name, self.port)

    def _ask(self, method: str, *args: Any, **options: Any) -> Any:
        is_result, reply = self._line.ask(self.name, method, args, options)
        if not is_result:
            raise reply
        if not _fits(method, args, reply):
            raise ConnectionError(f"{reply!r} is no reply to {method}")
        return reply

    @override
    def read(self, keys: Sequence[str]) -> list[Held | None]:
        return list(self._ask("read", list(keys)))

    @override
    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> list[Answer] | Conflict:
        answers: list[Answer] | Conflict = self._ask("commit", list(checks), list(changes))
        return answers

    @override
    def keys(self, *, kept: bool = False) -> list[str]:
        return list(self._ask("keys", kept=kept))

    @override
    def clear(self, *, kept: bool = False) -> None:
        self._ask("clear", kept=kept)

    @override
    def close(self) -> None:
        with self._line.lock:
            self._line.close()
