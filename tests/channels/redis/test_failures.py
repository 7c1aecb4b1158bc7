"""Servers in trouble: a channel raises an error of ours, with advice, in bounded time."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import redis

from graflow.channels.redis.errors import PASSING, code_of
from graflow.channels.redis_channel import RedisChannel
from graflow.exceptions import (
    ChannelDataError,
    ChannelError,
    ChannelServerError,
    ChannelTypeError,
    ChannelUnavailableError,
    ChannelValueError,
    OutcomeUnknownError,
)
from graflow.testing import LossyProxy
from tests.proxy import url_of
from tests.servers import SERVERS, Certificates, Server, run_server, run_tls
from tests.servers.server import wait_until

TIMEOUT = 0.6
BOUND = 4.0  # what a busy machine may need for it; timeouts that are not ours are longer

Clients = Callable[[str], Any]
CLIENTS: dict[str, Clients] = {
    "default": redis.Redis.from_url,
    "without timeouts": lambda url: redis.Redis.from_url(
        url, socket_timeout=None, socket_connect_timeout=None
    ),
    "patient": lambda url: redis.Redis.from_url(url, socket_timeout=60, retry_on_timeout=True),
}


@pytest.fixture(params=SERVERS)
def own_server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A server that a test may bring into trouble."""
    with run_server(request.param) as server:
        yield server


def raised_by(call: Callable[[], object]) -> tuple[ChannelError, float]:
    """Return the error that a call raises, and the seconds that it took."""
    started = time.monotonic()
    with pytest.raises(ChannelError) as caught:
        call()
    return caught.value, time.monotonic() - started


@pytest.mark.parametrize("kind", CLIENTS)
def test_no_server(kind: str) -> None:
    """Nothing was executed, and the client's own retries and timeouts do not count."""
    with (
        CLIENTS[kind]("redis://user:s3cret@127.0.0.1:1/2") as client,
        RedisChannel("c", client, timeout=TIMEOUT) as channel,
    ):
        for call in (lambda: channel.append("list", 1), lambda: channel.get("list")):
            error, seconds = raised_by(call)
            assert isinstance(error, ChannelUnavailableError)
            assert "redis://127.0.0.1:1/2" in str(error)
            assert "s3cret" not in str(error)
            assert seconds < BOUND


@pytest.mark.parametrize("kind", CLIENTS)
def test_a_server_that_hangs(own_server: Server, kind: str) -> None:
    """A write may have happened, a read says that the server is out of reach; then all is well."""
    with (
        CLIENTS[kind](own_server.url) as client,
        RedisChannel("c", client, timeout=TIMEOUT) as channel,
    ):
        assert channel.append("list", 0) == 1
        own_server.freeze()
        try:
            error, seconds = raised_by(lambda: channel.append("list", 1))
            assert isinstance(error, OutcomeUnknownError)
            assert seconds < BOUND
            error, seconds = raised_by(lambda: channel.get("list"))
            assert isinstance(error, ChannelUnavailableError)
            assert seconds < BOUND
        finally:
            own_server.thaw()
        wait_until("it has seen to what it got", lambda: channel.get("list") == [0, 1])
        assert channel.append("list", 2) == 3


def test_a_server_that_restarts(own_server: Server) -> None:
    """An operation waits for it."""
    with RedisChannel("c", url=own_server.url, timeout=20) as channel:
        channel.set("key", 1)
        own_server.stop()
        starting = threading.Timer(0.2, own_server.start)
        starting.start()
        assert channel.append("list", 1) == 1
        starting.join()


def test_a_server_that_loads_its_data() -> None:
    """An operation waits for it, or says what the server does."""
    with run_server("valkey-9", "--rdbcompression", "no") as server:
        with redis.Redis.from_url(server.url) as client:
            channel = RedisChannel("c", client)
            channel.set_many({str(number): "x" * 2_000 for number in range(1000)})
            client.save()
        server.stop()
        often = ("--loading-process-events-interval-bytes", "1024")
        server._options = ("--key-load-delay", "4000", *often)  # 4 s, and it answers meanwhile
        starting = threading.Thread(target=server.start)
        starting.start()
        with (
            RedisChannel("c", url=server.url, timeout=2) as hasty,
            RedisChannel("c", url=server.url, timeout=30) as patient,
        ):
            error, _ = raised_by(lambda: hasty.get("0"))
            assert isinstance(error, ChannelUnavailableError)
            assert "loading" in str(error)
            assert patient.get("999") == "x" * 2_000
        starting.join()


def test_a_server_that_is_busy_with_a_script(own_server: Server) -> None:
    """An operation waits for its end, or says what the server does."""
    with (
        redis.Redis.from_url(own_server.url) as client,
        own_server.block(),
        RedisChannel("c", url=own_server.url, timeout=1) as hasty,
        RedisChannel("c", url=own_server.url, timeout=30) as patient,
    ):
        with pytest.raises(ChannelServerError, match="busy with somebody's script"):
            hasty.get("key")
        threading.Timer(0.2, client.script_kill).start()
        assert patient.append("list", 1) == 1


def test_a_broken_connection_is_no_refusal_whatever_it_says() -> None:
    """What it was sent may have been executed, so its text is not searched for codes."""
    for refusal in (redis.ResponseError("BUSY somebody's script"), redis.BusyLoadingError()):
        assert code_of(refusal) in PASSING
    assert code_of(redis.ConnectionError("BUSY: no route to host")) == ""


def test_a_server_that_can_not_save(own_server: Server) -> None:
    """It takes no writes until that is mended; reads go on."""
    with redis.Redis.from_url(own_server.url) as client:
        channel = RedisChannel("c", client)
        channel.set("key", 1)
        client.config_set("save", "3600 1")
        shutil.rmtree(own_server.socket.parent)
        client.bgsave()
        status = "rdb_last_bgsave_status"
        wait_until("it has failed", lambda: client.info("persistence")[status] == "err")
        with pytest.raises(ChannelServerError, match="can't save to its disk"):
            channel.set("key", 2)
        assert channel.get("key") == 1


def test_a_server_that_lacks_its_replicas(own_server: Server) -> None:
    """Where it was told to write only with some."""
    with redis.Redis.from_url(own_server.url) as client:
        client.config_set("min-replicas-to-write", 1)
        with (
            RedisChannel("c", client) as channel,
            pytest.raises(ChannelServerError, match="too few replicas"),
        ):
            channel.append("list", 1)


@pytest.fixture(scope="module", params=SERVERS)
def narrow_server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A server that takes no value above 1 MiB, the least that can be set."""
    with run_server(request.param, "--proto-max-bulk-len", str(1 << 20)) as server:
        yield server


@pytest.mark.parametrize("over", ["TCP", "a Unix socket", "TLS"])
@pytest.mark.parametrize("size", [(1 << 20) - 1, 2_000_000, 9_000_000])
def test_a_value_that_is_too_long_for_the_server(
    narrow_server: Server, over: str, size: int, tmp_path: Path
) -> None:
    """It is refused for good, with its size, whether the client could send all of it or not."""
    with ExitStack() as stack:
        settings: dict[str, Any] = {"url": narrow_server.url}
        if over == "a Unix socket":
            settings = {"unix_socket_path": str(narrow_server.socket)}
        elif over == "TLS":
            certificates = Certificates(tmp_path)
            port = stack.enter_context(run_tls(narrow_server, certificates))
            settings = {
                "url": f"rediss://127.0.0.1:{port}",
                "ssl_ca_certs": str(certificates.authority),
                "ssl_certfile": str(certificates.client),
            }
        channel = stack.enter_context(RedisChannel("c", timeout=30, **settings))
        channel.set_many({"key": 1, "list": ["x"]})
        value = "x" * size  # and two quotation marks
        for call in (
            lambda: channel.set("key", value),
            lambda: channel.append("list", value),
            lambda: channel.update("key", lambda _: value),
            lambda: channel.set_many({"other": 2, "key": value}),
        ):
            with pytest.raises(ChannelValueError, match=f"{size + 2:,} bytes"):
                call()
        assert channel.get_many(channel.keys()) == {"key": 1, "list": ["x"]}
        channel.set("key", "x" * ((1 << 20) - 2))
        channel.clear()


def test_a_refusal_of_a_long_value_that_is_not_heard(narrow_server: Server) -> None:
    """The next one tells about it as well: the copy before was too long for the server, too."""
    is_refusal = b"-ERR Protocol error"
    address = ("127.0.0.1", narrow_server.port)
    with (
        LossyProxy(address, is_write=lambda _, reply: reply.startswith(is_refusal)) as proxy,
        RedisChannel("c", url=url_of(proxy), timeout=30) as channel,
    ):
        channel.append("list", 1)
        proxy.faults = 1
        with pytest.raises(ChannelValueError, match="1,048,577 bytes"):
            channel.append("list", "x" * ((1 << 20) - 1))
        assert channel.get("list") == [1]


FOREIGN: dict[str, Callable[[redis.Redis, str], object]] = {
    "hash": lambda client, key: client.hset(key, "field", "1"),
    "set": lambda client, key: client.sadd(key, "member"),
    "sorted set": lambda client, key: client.zadd(key, {"member": 1}),
    "stream": lambda client, key: client.xadd(key, {"field": "1"}),
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_a_foreign_type_is_reported(redis_client: redis.Redis, kind: str) -> None:
    """By every operation that looks at the value, with channel and key, and it stays."""
    channel = RedisChannel("c", redis_client)
    FOREIGN[kind](redis_client, "graflow:{c}:k:key")
    before = redis_client.dump("graflow:{c}:k:key")
    for call in (
        lambda: channel.get("key", "default"),
        lambda: channel.get_many(["key"]),
        lambda: channel.append("key", 1),
        lambda: channel.prepend("key", 1),
        lambda: channel.pop("key", "default"),
        lambda: channel.atomic_add("key"),
        lambda: channel.update("key", lambda value: value, default=1),
    ):
        with pytest.raises(ChannelDataError, match="graflow does not write") as caught:
            call()
        assert caught.value.channel == "c"
        assert caught.value.key in ("key", None)
    assert redis_client.dump("graflow:{c}:k:key") == before
    channel.set("key", 1)
    assert channel.get("key") == 1


@pytest.mark.parametrize("text", [b"\xff\xfe", b"{", b"nonsense", b""])
def test_foreign_text_is_reported(redis_client: redis.Redis, text: bytes) -> None:
    """A value that graflow did not write is no default, and no list either."""
    channel = RedisChannel("c", redis_client)
    redis_client.set("graflow:{c}:k:key", text)
    redis_client.rpush("graflow:{c}:k:list", text)
    for call in (
        lambda: channel.get("key", "default"),
        lambda: channel.get_many(["key"]),
        lambda: channel.get("list", "default"),
        lambda: channel.update("key", lambda value: value),
        lambda: channel.atomic_add("key"),
    ):
        with pytest.raises(ChannelDataError) as caught:
            call()
        assert caught.value.channel == "c"
        assert caught.value.key in ("key", "list")
    with pytest.raises(ChannelTypeError):
        channel.append("key", 1)
    assert redis_client.get("graflow:{c}:k:key") == text
