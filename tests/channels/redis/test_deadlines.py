"""The `timeout` of a channel, which bounds all that an operation waits for, taken together."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import redis
import redis.sentinel

from graflow.channels.redis.endpoints.endpoint import ClusterEndpoint
from graflow.channels.redis.sending.requests import carry_out
from graflow.channels.redis.sending.transport import Transport
from graflow.channels.redis_channel import RedisChannel
from graflow.exceptions import ChannelError, ChannelUnavailableError
from tests.proxy import SlowProxy
from tests.servers import Certificates, Server, run_tls, run_watched

TIMEOUT = 2.0
BOUND = 4.0  # what a busy machine may need; without a bound for all, each of these takes 6 and more


@pytest.fixture
def server(servers: Callable[[str], Server]) -> Server:
    """A server; what kind it is makes no difference to how long a client waits."""
    return servers("valkey-9")


def seconds_until(kind: type[ChannelError], call: Callable[[], object]) -> float:
    """Return the seconds until the call raises the error of this type."""
    started = time.monotonic()
    with pytest.raises(ChannelError) as caught:
        call()
    seconds = time.monotonic() - started
    assert type(caught.value) is kind
    return seconds


@contextmanager
def run_silent(count: int) -> Iterator[list[tuple[str, int]]]:
    """Listen on so many ports, where connections are accepted and nothing is ever said."""
    with ExitStack() as stack:
        listeners = [
            stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)
        ]
        yield [("127.0.0.1", one.getsockname()[1]) for one in listeners]


def behind(sentinels: list[tuple[str, int]], timeout: float) -> RedisChannel:
    """Return a channel on the primary that these Sentinels know."""
    make: Any = redis.sentinel.Sentinel
    return RedisChannel("c", make(sentinels).master_for("main"), timeout=timeout)


def test_six_silent_sentinels() -> None:
    """They are asked for the primary one after the other, which costs no more than one."""
    with run_silent(6) as addresses, behind(addresses, TIMEOUT) as channel:
        for _ in range(2):
            assert seconds_until(ChannelUnavailableError, lambda: channel.get("key")) < BOUND


def test_one_sentinel_of_six_is_enough() -> None:
    """The last may be the first that answers: the others get no more than their share."""
    with run_watched("valkey-9") as watched, run_silent(4) as addresses:
        addresses.append(("127.0.0.1", watched.sentinel.port))
        with behind(addresses, 6) as channel:
            assert channel.append("list", 1) == 1


def test_six_silent_masters() -> None:
    """They are asked for the slots one after the other, which costs no more than one."""
    with run_silent(6) as addresses:
        route = ClusterEndpoint({}, addresses).route(b"key", TIMEOUT)
        transport = Transport(route, "them", TIMEOUT, allow_eviction=True)
        seconds = seconds_until(
            ChannelUnavailableError, lambda: carry_out(transport.read("GET", "key"))
        )
        assert seconds < BOUND


def test_one_node_of_a_cluster_is_enough(server: Server) -> None:
    """The last may be the first that answers."""
    with run_silent(4) as addresses:
        addresses.append(("127.0.0.1", server.port))
        transport = Transport(
            ClusterEndpoint({}, addresses).route(b"key", 6), "them", 6, allow_eviction=True
        )
        with pytest.raises(ChannelError, match="cluster support disabled"):
            carry_out(transport.read("GET", "key"))


def test_a_handshake_that_never_ends() -> None:
    """A server that says a little now and then has not answered."""

    def mutter() -> None:
        with suppress(OSError):
            while True:
                speaker, _ = listener.accept()
                threading.Thread(target=speak, args=(speaker,), daemon=True).start()

    def speak(speaker: socket.socket) -> None:
        with suppress(OSError), speaker:
            while True:
                speaker.sendall(b"+")
                time.sleep(0.05)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=mutter, daemon=True).start()
        url = f"redis://127.0.0.1:{listener.getsockname()[1]}"
        with RedisChannel("c", url=url, timeout=TIMEOUT) as channel:
            assert seconds_until(ChannelUnavailableError, lambda: channel.get("key")) < BOUND
        listener.shutdown(socket.SHUT_RDWR)


@contextmanager
def slowly(server: Server, over: str, directory: Path) -> Iterator[RedisChannel]:
    """Give a channel on a server that sends and receives 40 kB a second."""
    with ExitStack() as stack:
        port = server.port
        settings: dict[str, Any] = {}
        if over == "rediss":
            certificates = Certificates(directory)
            port = stack.enter_context(run_tls(server, certificates))
            settings = {
                "ssl_ca_certs": str(certificates.authority),
                "ssl_certfile": str(certificates.client),
            }
        proxy = stack.enter_context(SlowProxy(("127.0.0.1", port)))
        url = f"{over}://127.0.0.1:{proxy.port}"
        yield stack.enter_context(RedisChannel("c", url=url, timeout=TIMEOUT, **settings))


over = pytest.mark.parametrize("over", ["redis", "rediss"])


@over
def test_a_reply_that_trickles(
    server: Server, redis_client: redis.Redis, over: str, tmp_path: Path
) -> None:
    """It is given up in time, though there is something to read all the while."""
    with RedisChannel("c", redis_client) as direct:
        direct.set("key", "x" * 400_000)
    with slowly(server, over, tmp_path) as channel:
        assert seconds_until(ChannelUnavailableError, lambda: channel.get("key")) < BOUND


@over
def test_a_value_that_trickles(
    server: Server, redis_client: redis.Redis, over: str, tmp_path: Path
) -> None:
    """It is given up in time, and was not stored, as no server has the whole of it."""
    with slowly(server, over, tmp_path) as channel:
        value = "x" * 20_000_000  # more than what the system keeps under way
        assert seconds_until(ChannelUnavailableError, lambda: channel.set("key", value)) < BOUND
    assert redis_client.dbsize() == 0
