"""Rows about the backends beside each other: how much longer an operation takes than in memory."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from itertools import count
from pathlib import Path

from benchmarks.ratios import Row, ratio
from graflow import Channel, MemoryChannel, RedisChannel, SQLiteChannel
from tests.servers import run_server

NUMBERS = count()
TIMES = 200


def beside_memory() -> Iterator[Row]:
    """Measure each backend over a channel in memory, both in turn."""
    memory = MemoryChannel("bench")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(run_server("valkey-9"))
        channels: dict[str, Channel] = {
            "a file, durable": SQLiteChannel("bench", folder / "durable.db"),
            "a file, durable=False": SQLiteChannel("bench", folder / "quick.db", durable=False),
            "an embedded server": RedisChannel.embedded(),
            "a server on this machine": RedisChannel("bench", url=server.url),
            "a server, cache=True": RedisChannel("bench", url=server.url, cache=True),
        }
        for name, channel in channels.items():
            stack.enter_context(channel)
            for what in ("set", "get", "append"):
                work, floor = (partial(operate, each, what) for each in (channel, memory))
                yield f"{what}: {name}, over memory", ratio(work, floor, TIMES), float("nan")
                channel.delete("log")
                memory.delete("log")


def operate(channel: Channel, what: str) -> None:
    """Do one operation."""
    if what == "get":
        channel.get("order")
        return
    order = {"item": "tea", "price": next(NUMBERS), "tags": ["hot", "green"]}
    if what == "set":
        channel.set("order", order)
    else:
        channel.append("log", order)


def main() -> None:
    """Print these rows alone."""
    for name, found, _ in beside_memory():
        print(f"{name:50} {found:8.1f}", flush=True)


if __name__ == "__main__":
    main()
