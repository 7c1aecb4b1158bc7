"""Passwords, which nobody gets to see: not in errors, not in what a traceback shows."""

from __future__ import annotations

import pickle
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from time import monotonic
from traceback import TracebackException
from typing import Any

import pytest
import redis.sentinel
from pydantic import SecretStr

from graflow.channels.factory import ChannelFactory
from graflow.channels.redis.endpoints.passwords import Password, scrub
from graflow.channels.redis.retrying import Effort, NotExecuted
from graflow.channels.redis_channel import RedisChannel
from graflow.exceptions import ChannelError, ChannelUnavailableError, ChannelValueError
from tests.channels.redis.every_operation import use_every_operation
from tests.servers import SERVERS, Server, run_server

SECRET = "s3cr3t-w0rd"  # in no local variable of the tests below
create = ChannelFactory.create_channel


def all_of(error: BaseException) -> str:
    """Return all that a traceback shows of an error and of those behind it, with local variables.

    The frames of this file are left out: whoever makes a channel knows the password.
    """
    shown: list[str] = []
    waiting: list[TracebackException | None] = [
        TracebackException.from_exception(error, capture_locals=True)
    ]
    while waiting:
        one = waiting.pop()
        if one is not None:
            shown += one.format_exception_only()
            for frame in one.stack:
                if frame.filename != __file__:
                    shown += [frame.name, *map(str, (frame.locals or {}).items())]
            waiting += (one.__cause__, one.__context__)
    return "\n".join(shown)


def raised_by(call: Callable[[], object]) -> ChannelError:
    """Return the error that a call raises."""
    with pytest.raises(ChannelError) as caught:
        call()
    return caught.value


def behind_sentinel(port: int) -> RedisChannel:
    """Return a channel behind a Sentinel that wants a password as well."""
    make: Any = redis.sentinel.Sentinel
    sentinel = make([("127.0.0.1", port)], sentinel_kwargs={"password": SECRET})
    return RedisChannel("c", sentinel.master_for("main", password=SECRET), timeout=1)


OPEN: dict[str, Callable[[int], RedisChannel]] = {
    "URL": lambda port: RedisChannel("c", url=f"redis://:{SECRET}@127.0.0.1:{port}", timeout=1),
    "URL, RESP2": lambda port: RedisChannel(
        "c", url=f"redis://:{SECRET}@127.0.0.1:{port}?protocol=2", timeout=1
    ),
    "query": lambda port: RedisChannel(
        "c", url=f"redis://127.0.0.1:{port}?password={SECRET}", timeout=1
    ),
    "argument": lambda port: RedisChannel("c", port=port, password=SECRET, timeout=1),
    "pydantic": lambda port: RedisChannel("c", port=port, password=SecretStr(SECRET), timeout=1),
    "client": lambda port: RedisChannel("c", redis.Redis(port=port, password=SECRET), timeout=1),
    "Sentinel": behind_sentinel,
    "cluster": lambda port: RedisChannel(
        "c", url=f"redis://:{SECRET}@127.0.0.1:{port}", cluster=True, timeout=1
    ),
}
each_way = pytest.mark.parametrize("by", OPEN)


@contextmanager
def run_resetting() -> Iterator[int]:
    """Give a port where each connection is reset in the middle of the handshake."""

    def reset() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                now = struct.pack("ii", 1, 0)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, now)
                connection.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=reset, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


def send(command: str) -> None:
    """Fail as redis-py does, with the command in a local variable."""
    try:
        raise redis.ConnectionError
    except redis.ConnectionError as error:
        raise NotExecuted from error


def test_an_attempt_that_is_followed_by_another() -> None:
    """The error of the last one comes while that of the first is handled, and shows it."""
    effort = Effort("server", 5, monotonic() + 5, writes=False)
    with pytest.raises(NotExecuted) as caught:
        send(f"AUTH {SECRET}")
    assert effort.pause_after(caught.value) >= 0
    assert effort.pause_after(NotExecuted()) >= 0
    assert caught.value.__traceback__ is None
    assert caught.value.__cause__ is not None
    assert caught.value.__cause__.__traceback__ is None


def test_a_redirection_to_an_address_that_looks_like_the_password() -> None:
    """The next attempt has to find the way there, so nothing is taken out of it before."""
    effort = Effort("server", 5, monotonic() + 5, writes=False, passwords=[Password("7000")])
    assert effort.pause_after(redis.exceptions.MovedError("1 127.0.0.1:7000")) == 0
    assert "127.0.0.1:7000" in str(effort.failure)


@each_way
def test_no_server_and_one_that_breaks_off(by: str) -> None:
    """Neither the error nor a traceback shows it, and neither does the handle."""
    with run_resetting() as port:
        for place in (1, port):
            channel = OPEN[by](place)
            error = raised_by(lambda channel=channel: channel.set("key", 1))  # type: ignore[misc]
            assert isinstance(error, ChannelUnavailableError)
            assert SECRET not in all_of(error)
            assert error.__cause__ is not None
            assert (
                SECRET
                not in f"{channel!r} {vars(channel)} {vars(channel.backend._primitives.transport)}"
            )
            assert SECRET.encode() in pickle.dumps(channel)


@pytest.fixture(scope="module", params=SERVERS)
def guarded(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A server that wants another password, and does not know the command HELLO."""
    options = ("--requirepass", "another", "--rename-command", "HELLO", "")
    with run_server(request.param, *options) as server:
        yield server


@each_way
def test_a_server_that_refuses_it(guarded: Server, by: str) -> None:
    """Some servers repeat what they were sent, credentials included."""
    error = raised_by(lambda: OPEN[by](guarded.port).set("key", 1))
    shown = all_of(error)
    assert SECRET not in shown
    assert str(guarded.port) in shown


def test_what_a_server_repeats(guarded: Server) -> None:
    """Also of a password that is not known to the channel, and cut off."""
    provider = redis.UsernamePasswordCredentialProvider("default", SECRET * 20)
    channel = RedisChannel("c", port=guarded.port, credential_provider=provider, timeout=1)
    assert SECRET not in all_of(raised_by(lambda: channel.get("key")))


@pytest.mark.parametrize("password", [SecretStr("another"), "another"])
def test_it_works_all_the_same(guarded: Server, password: SecretStr | str) -> None:
    """As text, and as pydantic's `SecretStr`, here and in a pickled handle."""
    name = type(password).__name__
    with RedisChannel(name, port=guarded.port, password=password, protocol=2) as channel:
        use_every_operation(channel)
        with pickle.loads(pickle.dumps(channel)) as copy:
            copy.set("key", 1)
    with RedisChannel("c", port=guarded.port, password="anothe", protocol=2, timeout=1) as channel:
        assert "password" in str(raised_by(lambda: channel.get("key")))


HALVES = ("s3cr", "t-w0rd", "12", "W0RD")


@pytest.mark.parametrize(
    "url",
    [
        f"redis://{user}:{first}{mark}{second}@example.org:6379/0"
        for user in ("", "worker")
        for first, second in (("s3cr", "t-w0rd"), ("12", "t-w0rd"), ("s3cr", "t=W0RD"))
        for mark in ("/", "?", "#", "@/", "//", "/?", "[")
    ]
    + [
        "redis://:12?t=W0RD@example.org",
        "redis://default:s3cr",
        "unix://:s3cr/t-w0rd@/tmp/server.sock",
        "unix://:s3cr@t-w0rd@/tmp/server.sock#12",
        "redis://:s3cr\u2100t-w0rd@example.org",
    ],
)
def test_a_url_with_a_password_that_is_not_quoted(url: str) -> None:
    """No part of it is taken for a host, a port, an option or a path, and shown as such."""
    parts = [each for each in HALVES if each in url]

    def call() -> None:
        RedisChannel("c", url=url, timeout=0.1)

    error = raised_by(call)
    assert isinstance(error, ChannelValueError)
    shown = all_of(error)
    assert "%2F" in shown
    assert not [each for each in parts if each in shown]


@pytest.mark.parametrize(
    "url", ["redis://h:1?db=x&password=s3cr", "redis://:s3cr@h?nonsense=1", "redis://:s3cr@h?db=x"]
)
def test_an_option_that_is_not_known(url: str) -> None:
    """It is named, and the password beside it is not."""

    def call() -> None:
        RedisChannel("c", url=url)

    shown = all_of(raised_by(call))
    assert "db" in shown or "nonsense" in shown
    assert "s3cr" not in shown


def test_a_password_shows_itself_nowhere() -> None:
    """However it is made into text, and it equals the text all the same."""
    password = Password(SECRET)
    texts = [repr(password), str(password), f"{password} {password!r:>5} {[password]}"]
    assert SECRET not in " ".join([*texts, f"{password:>20}"])
    assert password == SECRET
    copy = pickle.loads(pickle.dumps(password))
    assert (type(copy), copy == SECRET) == (Password, True)


def test_errors_lose_what_they_know() -> None:
    """All that are chained, whatever they hold."""
    error = ValueError(f"at {SECRET}", 1)
    error.__context__ = OSError(5, f"no {SECRET}")
    error.__context__.__cause__ = error
    scrub(error, [Password(SECRET)])
    assert error.args == ("at ***", 1)
    assert error.__context__.args == (5, "no ***")


REFUSED: dict[str, Callable[[], object]] = {
    "URL": lambda: RedisChannel("c", url=f"redis://:{SECRET}@host", timeout=100),
    "URL as a client": lambda: RedisChannel("c", f"redis://:{SECRET}@host"),
    "two kinds of credentials": lambda: RedisChannel(
        "c", url=f"redis://:{SECRET}@host", credential_provider=object()
    ),
    "for each run": lambda: RedisChannel.per_run("c", url=f"redis://:{SECRET}@host", timeout=100),
    "for each run, argument": lambda: RedisChannel.per_run("c", password=SECRET, timeout=100),
    "for each run, URL as a client": lambda: RedisChannel.per_run("c", f"redis://:{SECRET}@host"),
    "for each run, beside": lambda: RedisChannel.per_run("c", RedisChannel(), password=SECRET),
    "factory": lambda: create("redis", url=f"redis://:{SECRET}@host", timeout=100),
    "factory, option": lambda: create("redis", password=SECRET, nonsense=1),
    "factory, other backend": lambda: create("memory", password=SECRET),
    "factory, no backend": lambda: create("nonsense", password=SECRET),
}


@pytest.mark.parametrize("call", REFUSED.values(), ids=REFUSED)
def test_arguments_that_are_refused(call: Callable[[], object]) -> None:
    """Whoever takes them shows nothing of them, whichever way they came."""
    assert SECRET not in all_of(raised_by(call))
