"""Harnesses of backends that processes share: in a file, or behind a server."""

from __future__ import annotations

import gc
import tempfile
import threading
import warnings
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from graflow.channels.base import Channel
from graflow.testing import Capabilities, Harness
from tests.testing.broken.registry import dict_harness
from tests.testing.broken.wire import Server, Wire
from tests.testing.sqlite_store import SqliteBackend

__all__ = ["store_harness"]


def store_harness(kind: Any) -> Harness | AbstractContextManager[Harness]:
    """Return the harness of a backend in a file, over a connection, or on a dict."""
    if issubclass(kind, SqliteBackend):
        return _file_harness(kind)
    return _wire_harness(kind) if issubclass(kind, Wire) else dict_harness(kind)


@contextmanager
def _file_harness(kind: type[SqliteBackend]) -> Generator[Harness]:
    """Give the harness of a backend in a file.

    Some lose connections without closing them. They go here, and not in the middle of a later test.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "channels.db"
        yield Harness(
            open=lambda name: Channel(kind(name, path)), capabilities=Capabilities(shared=True)
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@contextmanager
def _wire_harness(kind: type[Wire]) -> Generator[Harness]:
    """Give the harness of a backend over a connection, and its server."""
    with Server() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        port = server.server_address[1]
        try:
            yield Harness(
                open=lambda name: Channel(kind(name, port)), capabilities=Capabilities(shared=True)
            )
        finally:
            server.shutdown()
