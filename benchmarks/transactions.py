"""Rows of the table that are about transactions and fences."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from statistics import median
from typing import Any

import redis

from benchmarks.ratios import Row, ratio
from graflow import MemoryChannel, RedisChannel, Transaction, TypedChannel
from graflow.channels.backend import Fence

FIVE = [f"key {number}" for number in range(5)]
IMPORTS = 9  # of which the median counts


def in_memory(schema: Any, value: Any) -> Iterator[Row]:
    """Measure a transaction over the same writes one by one."""
    channel = MemoryChannel()
    typed = TypedChannel(channel, schema)

    def write(tx: Transaction) -> None:
        inside = tx.typed(schema)
        for key in FIVE:
            inside.set(key, value)

    def one_by_one() -> None:
        for key in FIVE:
            typed.set(key, value)

    yield (
        "transaction of 5 writes, over 5 typed sets, memory",
        ratio(lambda: channel.transact(write), one_by_one, 1_000),
        2.0,
    )


def on_a_server(client: redis.Redis, channel: RedisChannel, value: Any) -> Iterator[Row]:
    """Measure transactions and fences on a server."""
    six = dict.fromkeys([*FIVE, "task.__result__"], value)

    def write(tx: Transaction) -> None:
        for key in six:
            tx.set(key, value)

    yield (
        "transaction of 5 writes and a result, over set_many",
        ratio(lambda: channel.transact(write), lambda: channel.set_many(six), 200),
        1.3,
    )
    fence = Fence("\0=fence:bench", b"1", "bench", "bench")
    channel.backend.put(fence.key, fence.record, None)
    fenced = channel.on(channel.backend.fenced(fence))
    yield (
        "fenced set, over set",
        ratio(lambda: fenced.set("user", value), lambda: channel.set("user", value), 300),
        1.05,
    )
    channel.set("count", 1)
    client.set("count", 1)

    def count(tx: Transaction) -> None:
        tx.set("count", tx.get("count") + 1)

    yield (
        "transact of read and write, over WATCH, MULTI, EXEC",
        ratio(lambda: channel.transact(count), lambda: client.transaction(_count, "count"), 200),
        0.8,
    )


def _count(pipe: Any) -> None:
    number = int(pipe.get("count"))
    pipe.multi()
    pipe.set("count", number + 1)


def imports() -> Iterator[Row]:
    """Measure what `import graflow` takes, over what it needs anyway."""
    ratios = []
    with tempfile.TemporaryDirectory() as bytecode:  # an installed library has its own
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": bytecode}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        _took("import graflow, redis", environment)
        for _ in range(IMPORTS):
            ours = _took("import graflow", environment)
            ratios.append(ours / _took("import pydantic, redis", environment))
    yield "import graflow, over import pydantic, redis", median(ratios), 1.1


def _took(program: str, environment: dict[str, str]) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", program], check=True, env=environment)
    return time.perf_counter() - started
