"""Print a table of ratios: what a channel takes over what the bare work takes.

Both are measured in turn in one run, and the median of the ratios counts, so that the speed of
the machine and what else runs on it matter little.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from itertools import count
from statistics import median
from typing import Any, TypedDict

import redis
from pydantic import TypeAdapter
from pydantic_core import from_json, to_json
from rich.console import Console
from rich.table import Table
from typing_extensions import TypedDict as TypedDictForPydantic

from benchmarks import files, on_a_loop, transactions, waiting, wire
from benchmarks.ratios import ROUNDS, Row, growth, ratio, seconds
from graflow import MemoryChannel, RedisChannel, TypedChannel
from tests.servers import run_server


class User(TypedDict):
    """The value that most rows store: five fields."""

    user_id: str
    name: str
    email: str
    age: int
    premium: bool


class Bare(TypedDictForPydantic):
    """The same for pydantic, on Python 3.11 as well."""

    user_id: str
    name: str
    email: str
    age: int
    premium: bool


USER: User = {
    "user_id": "user_123",
    "name": "Alice",
    "email": "alice@example.com",
    "age": 30,
    "premium": True,
}
TEXT = to_json(USER)
ADAPTER = TypeAdapter(Bare)


def in_memory() -> Iterator[Row]:
    """Measure channels in memory."""
    channel = MemoryChannel()
    typed = TypedChannel(channel, User)
    check, read = ADAPTER.validator.validate_python, ADAPTER.validator.validate_json
    typed.set("user", USER)
    yield (
        "typed set, over validate_python + to_json",
        ratio(lambda: typed.set("user", USER), lambda: to_json(check(USER, strict=True)), 5_000),
        1.30,
    )
    yield (
        "typed get, over validate_json",
        ratio(lambda: typed.get("user"), lambda: read(TEXT), 5_000),
        1.30,
    )
    yield (
        "untyped set, over to_json",
        ratio(lambda: channel.set("user", USER), lambda: to_json(USER), 5_000),
        2.2,
    )
    yield (
        "untyped get, over from_json",
        ratio(lambda: channel.get("user"), lambda: from_json(TEXT), 5_000),
        1.5,
    )
    yield "append number 1,000,000 over number 1,000, memory", growth(channel), 1.5
    yield from transactions.in_memory(User, USER)
    yield from transactions.imports()


@contextmanager
def connected() -> Iterator[tuple[redis.Redis, RedisChannel]]:
    """Run a server, and give a client and a channel on the same kind of connection."""
    with run_server("valkey-9") as server, redis.Redis.from_url(server.url) as client:
        yield client, RedisChannel("bench", client)


def on_a_server(client: redis.Redis, channel: RedisChannel) -> Iterator[Row]:
    """Measure channels on a server, over bare commands of redis-py."""
    channel.set("user", USER)
    client.set("bare", TEXT)
    yield (
        "set, over SET",
        ratio(lambda: channel.set("user", USER), lambda: client.set("bare", TEXT), 300),
        0.50,
    )
    yield (
        "get, over GET",
        ratio(lambda: channel.get("user"), lambda: client.get("bare"), 300),
        0.45,
    )
    yield (
        "append, over RPUSH",
        ratio(lambda: channel.append("log", USER), lambda: client.rpush("bare log", TEXT), 300),
        0.55,
    )
    yield from wire.on_a_server(port_of(client), channel, USER, TEXT)
    yield from on_a_loop.on_a_server(url_of(client), channel, USER, TEXT)
    yield from transactions.on_a_server(client, channel, USER)
    yield from waiting.on_a_server(client, channel)
    channel.set("hundred", [USER] * 100)
    client.rpush("bare hundred", *[TEXT] * 100)
    yield (
        "get of 100 items, over LRANGE and decoding",
        ratio(
            lambda: channel.get("hundred"),
            lambda: [from_json(item) for item in as_list(client.lrange("bare hundred", 0, -1))],
            200,
        ),
        1.40,
    )
    many = {f"key {number}": USER for number in range(1_000)}
    yield (
        "set_many of 1,000, over a pipeline of SETs",
        ratio(lambda: channel.set_many(many), lambda: pipeline(client, many), 5),
        1.5,
    )
    yield "append number 1,000,000 over number 1,000, server", growth(channel), 1.5
    yield "keys and clear of 100 beside 1,000,000 others", beside_others(client), 1.5
    yield "8 threads on one handle, over 8 bare clients", eight_threads(client, channel), 1 / 1.7
    yield "longest step of clear of 1,000,000 keys, ms", longest_step(client), 10.0
    names = count()

    def locked() -> None:
        with channel.lock("lock"):
            next(names)

    yield (
        "lock and release, over SET NX and DEL",
        ratio(locked, lambda: (client.set("l", 1, nx=True, px=9999), client.delete("l")), 200),
        float("nan"),
    )


def port_of(client: redis.Redis) -> int:
    """Return the port that a client is connected to."""
    port: int = client.connection_pool.connection_kwargs["port"]
    return port


def url_of(client: redis.Redis) -> str:
    """Return where a client is connected to."""
    settings = client.connection_pool.connection_kwargs
    return f"redis://{settings['host']}:{settings['port']}/0"


def as_list(found: Any) -> list[bytes]:
    """Return what redis-py is not sure of."""
    items: list[bytes] = found
    return items


def as_bytes(found: Any) -> bytes:
    """Return what redis-py is not sure of."""
    data: bytes = found
    return data


def pipeline(client: redis.Redis, many: dict[str, User]) -> None:
    """Set every key in one pipeline."""
    with client.pipeline(transaction=False) as pipe:
        for key in many:
            pipe.set(key, TEXT)
        pipe.execute()


def beside_others(client: redis.Redis) -> float:
    """Return how much longer `keys` and `clear` take on a server that is full of other keys."""
    hundred = {f"key {number}": number for number in range(100)}
    channel = RedisChannel("hundred", client)

    def work() -> None:
        channel.set_many(hundred)
        channel.keys()
        channel.clear()

    client.flushall()
    seconds(work, 20)
    empty = median(seconds(work, 20) for _ in range(ROUNDS))
    client.eval("for i = 1, 1000000 do redis.call('SET', 'other:' .. i, i) end", 0)
    full = median(seconds(work, 20) for _ in range(ROUNDS))
    return full / empty


def eight_threads(client: redis.Redis, channel: RedisChannel) -> float:
    """Return how much longer 8 threads take on one handle than on a bare client each."""
    settings = client.connection_pool.connection_kwargs
    with ExitStack() as stack, ThreadPoolExecutor(8) as pool:
        bare = [
            stack.enter_context(redis.Redis(host=settings["host"], port=settings["port"]))
            for _ in range(8)
        ]

        def on_the_handle(number: int) -> None:
            for _ in range(20):
                channel.set(f"key {number}", USER)
                channel.append(f"log {number}", USER)
                channel.get(f"key {number}")

        def on_bare_clients(number: int) -> None:
            for _ in range(20):
                bare[number].set(f"bare {number}", to_json(USER))
                bare[number].rpush(f"bare log {number}", to_json(USER))
                from_json(as_bytes(bare[number].get(f"bare {number}")))

        return ratio(
            lambda: list(pool.map(on_the_handle, range(8))),
            lambda: list(pool.map(on_bare_clients, range(8))),
            2,
        )


def longest_step(client: redis.Redis) -> float:
    """Return for how many ms `clear` of 1,000,000 keys blocks the server at a time."""
    client.flushall()
    channel = RedisChannel("million", client)
    for start in range(0, 1_000_000, 1_000):  # larger batches leave Lua something to tidy up
        channel.set_many(dict.fromkeys(map(str, range(start, start + 1_000)), 1))
    client.config_set("slowlog-log-slower-than", 1_000)
    client.config_set("slowlog-max-len", 2_000)
    client.slowlog_reset()
    channel.clear()
    steps: Any = client.slowlog_get(2_000)
    client.config_set("slowlog-log-slower-than", -1)
    client.flushall()
    return max((step["duration"] for step in steps), default=0) / 1_000


def main() -> None:
    """Measure, and print the table."""
    table = Table("work", "ratio", "at most", title="Medians of ratios in one run")
    with connected() as (client, channel):
        for rows in (in_memory(), files.in_a_file(USER, TEXT), on_a_server(client, channel)):
            for name, found, bound in rows:
                limit = "" if bound != bound else f"{bound:.2f}"
                table.add_row(name, f"{found:.2f}", limit)
    Console().print(table)


if __name__ == "__main__":
    main()
