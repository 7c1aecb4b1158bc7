"""The command on servers: the preflight, and what killed runs have left."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
import redis

from graflow.channels.redis_channel import RedisChannel
from graflow.testing.checks import CHECKS
from graflow.testing.command.leftovers import contents_of
from graflow.testing.command.preflight import (
    clock_fault,
    mode_fault,
    role_fault,
    version_fault,
)
from graflow.testing.command.rights import NEEDED
from graflow.testing.command.targets import BadTarget, target_of
from graflow.testing.servers import PRESENCES, advance, client_of, server_harness
from graflow.testing.trials.trial import PREFIX
from tests.paths import ROOT
from tests.servers import SERVERS, Cluster, Server, run_replica, run_server
from tests.servers.server import free_port, wait_until
from tests.testing.command.commands import command


@pytest.fixture
def worker(server: Server, redis_client: redis.Redis) -> Iterator[Callable[..., str]]:
    """A function that makes a user with some rights, and returns the URL for it."""

    def make(*rights: str, keys: str = "~graflow:*") -> str:
        client.execute_command("ACL", "DELUSER", "worker")
        client.execute_command("ACL", "SETUSER", "worker", "on", ">secret", keys, *rights)
        return server.url.replace("redis://", "redis://worker:secret@")

    client: Any = redis_client
    yield make
    client.execute_command("ACL", "DELUSER", "worker")


ALL = [f"+{name}" for name in NEEDED]


def refusal(url: str) -> str:
    """Return why a server can't be tried."""
    with pytest.raises(BadTarget) as caught:
        target_of(url)
    return str(caught.value)


def test_a_server_is_tried(servers: object, redis_client: redis.Redis, server: Server) -> None:
    """In keys of its own, which it removes; beside keys of graflow only when told to."""
    redis_client.set("graflow:{mine}:k:a", "1")
    assert "already contains keys of graflow, such as 'graflow:{mine}:k:a'" in refusal(server.url)
    if server.kind != "valkey-9":
        return
    ran = command(f"unix://{server.socket}", "--beside-others", "--quick", "--examples", "1")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "It has maxmemory-policy noeviction, maxmemory 0." in ran.stdout
    assert "keys that begin with graflow:{conformance-" in ran.stdout
    assert "it removes them at the end" in ran.stdout
    assert "lost replies               | 1    |" in ran.stdout
    assert " 0 faults injected" not in ran.stdout
    assert not ran.stdout.endswith(" 0 seen\n")
    assert redis_client.keys("*") == [b"graflow:{mine}:k:a"]


def test_a_refusal_is_a_sentence() -> None:
    """With the status that says that nothing was tried."""
    ran = command(f"redis://127.0.0.1:{free_port()}/0")
    assert ran.returncode == 2, ran.stdout + ran.stderr
    (line,) = ran.stdout.splitlines()
    assert line.startswith("Nothing was tried: the server redis://127.0.0.1:")
    assert "can't be reached" in line


def test_a_url_that_can_not_be_read() -> None:
    """As a channel says it."""
    assert "host or port can't be read" in refusal("redis://127.0.0.1:port/0")


@pytest.mark.parametrize("right", ALL)
def test_a_right_that_is_missing_is_named(worker: Callable[..., str], right: str) -> None:
    """As ACL SETUSER takes it."""
    url = worker(*(each for each in ALL if each != right))
    assert refusal(url).endswith(f"grant it with ACL SETUSER {right}")


def test_several_rights_that_are_missing_are_named_at_once(worker: Callable[..., str]) -> None:
    """So that one more attempt is enough."""
    url = worker(*(each for each in ALL if each not in {"+eval", "+zadd"}))
    assert refusal(url).endswith("grant it with ACL SETUSER +zadd +eval")


def test_keys_that_a_user_may_not_use_are_named(worker: Callable[..., str]) -> None:
    """By the pattern that is needed."""
    url = worker(*ALL, keys="~other:*")
    assert refusal(url).endswith("grant it with ACL SETUSER ~graflow:*")


def test_the_rights_of_the_tour_and_of_this_page_suffice(worker: Callable[..., str]) -> None:
    """Those of a channel, and the few that the suite needs."""
    text = (ROOT / "docs/tour.md").read_text()
    text = text.partition("ACL SETUSER worker ")[2].partition("\n")[0]
    channel = {word for word in text.split() if word.startswith("+")}
    assert channel <= set(ALL)
    assert set(ALL) - channel == {"+scan", "+type"}
    target = target_of(worker(*ALL))
    assert target.says == "This user may not read its maxmemory-policy."


def test_a_command_that_the_server_does_not_have_is_named() -> None:
    """As where an administrator has disabled it."""
    with run_server("redis-6.2", "--rename-command", "EVAL", "") as server:
        assert refusal(server.url).endswith("does not know EVAL, which graflow needs")


@pytest.mark.parametrize("kind", SERVERS)
def test_passwords(kind: str) -> None:
    """One is missing, or wrong."""
    with run_server(kind, "--requirepass", "secret") as server:
        assert "wants a password" in refusal(server.url)
        wrong = refusal(server.url.replace("redis://", "redis://:wrong@"))
        assert "does not accept the user or the password" in wrong
        assert "wrong@" not in wrong


@pytest.mark.parametrize("kind", SERVERS)
def test_a_replica_is_refused(kind: str) -> None:
    """With the name of its primary."""
    with run_server(kind) as primary, run_replica(primary) as replica:
        told = f"is a read-only replica: name its primary, 127.0.0.1:{primary.port}"
        assert told in refusal(replica.url)


def test_a_server_that_evicts_is_refused(server: Server, redis_client: redis.Redis) -> None:
    """With its policy."""
    redis_client.config_set("maxmemory-policy", "allkeys-lru")
    redis_client.config_set("maxmemory", "100mb")
    try:
        assert "deletes keys on its own" in refusal(server.url)
    finally:
        redis_client.config_set("maxmemory", 0)
        redis_client.config_set("maxmemory-policy", "noeviction")


def test_tls_to_a_server_without_is_refused(server: Server) -> None:
    """With the way to do without."""
    told = refusal(server.url.replace("redis://", "rediss://"))
    assert told.endswith("if it does not speak TLS, its URL begins with redis://")


@pytest.mark.parametrize("kind", SERVERS)
def test_a_cluster_is_tried(clusters: Callable[[str], Cluster], kind: str) -> None:
    """Any of its nodes will do."""
    cluster = clusters(kind)
    cluster.flush()
    target = target_of(cluster.url)
    assert target.says.startswith("It is a cluster. It has maxmemory-policy noeviction")
    with target.harness as harness:
        assert harness.advance is not None
        channel = harness.open(f"{PREFIX}a")
        channel.set("key", 1, ttl=50)
        harness.advance(60, names=[channel.name])
        assert not channel.exists("key")
        channel.close()
    assert refused_keys(cluster) == []


def refused_keys(cluster: Cluster) -> list[bytes]:
    """Return all keys of a cluster."""
    with client_of(cluster.url, cluster=True) as client:
        return list(client.scan_iter("*"))


@pytest.mark.parametrize(
    ("version", "fault"),
    [
        ("5.0.14", "is Redis 5.0.14, and graflow needs 6.2 or newer, or Valkey"),
        ("6.0.20", "is Redis 6.0.20, and graflow needs 6.2 or newer, or Valkey"),
        ("6.2.0", None),
        ("7.2.4", None),
        ("10.0", None),
        ("", None),
    ],
)
def test_old_versions_are_refused(version: str, fault: str | None) -> None:
    """From what INFO says; Valkey says 7.2.4."""
    assert version_fault({"redis_version": version}) == fault


def test_faults_that_info_and_time_show() -> None:
    """Of servers that are none to store data on."""
    assert version_fault({}) is None
    assert mode_fault({"redis_mode": "sentinel"}) is not None
    assert mode_fault({"server_mode": "sentinel"}) is not None
    assert mode_fault({"redis_mode": "standalone"}) is None
    assert role_fault({"role": "master"}) is None
    assert clock_fault((5, 999_999), (6, 0)) is None
    assert clock_fault((6, 0), (6, 0)) == "has a clock that stands still"
    assert clock_fault((6, 0), (5, 999_999)) == "has a clock that goes backwards"


@contextmanager
def running(url: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run the command until it has written to a server, and kill it at the end."""
    started = subprocess.Popen(
        [sys.executable, "-m", "graflow.testing", url],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    with redis.Redis.from_url(url) as client, started:
        try:
            wait_until("it writes", lambda: client.dbsize() > 20)
            yield started
        finally:
            started.kill()


def test_what_a_killed_run_has_left_is_removed_when_told(
    server: Server, redis_client: redis.Redis
) -> None:
    """It is recognised, counted, and nothing else is touched; a run under way is left alone."""
    with running(server.url):
        assert "another run of this suite is under way" in refusal(server.url)
    redis_client.delete(*redis_client.keys(f"{PRESENCES}*"))  # it expires within a minute
    assert "of an earlier run of this suite, which was killed" in refusal(server.url)
    before = redis_client.dbsize()
    redis_client.set("graflow:{mine}:k:a", "1")
    redis_client.set("graflow:{conformance-mine}:k:a", "1")
    contents = contents_of(redis_client)
    assert contents.left.total() == before
    asked = []

    def refuse(what: str) -> bool:
        asked.append(what)
        return False

    target_of(server.url, beside_others=True, may_remove=refuse)
    assert asked[0].endswith(f" contains {contents.summary}")
    assert redis_client.dbsize() == before + 2
    target_of(server.url, beside_others=True, may_remove=lambda what: True)
    assert sorted(redis_client.keys("*")) == [
        b"graflow:{conformance-mine}:k:a",
        b"graflow:{mine}:k:a",
    ]


@pytest.mark.parametrize(
    ("answer", "told", "status"),
    [
        (b"n\n", b"which was killed. To remove them, pass --remove-leftovers", 2),
        (b"\x04", b"Nothing was tried: the command was interrupted.", 130),
    ],
)
def test_a_terminal_is_asked_before_anything_is_removed(
    server: Server, redis_client: redis.Redis, answer: bytes, told: bytes, status: int
) -> None:
    """Whoever declines, or ends the input, keeps everything."""
    redis_client.set("graflow:{conformance-0123abcd-7%2Fjob}:k:a", "1")
    mine, theirs = pty.openpty()
    started = subprocess.Popen(
        [sys.executable, "-m", "graflow.testing", server.url],
        cwd=ROOT,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    output = b""
    while b"[y/N]" not in output:
        output += os.read(mine, 10_000)
    assert b"contains 1 key of an earlier run of this suite, which was killed" in output
    os.write(mine, answer)
    with suppress(OSError):  # that is how a terminal says that nobody writes to it any more
        while piece := os.read(mine, 10_000):
            output += piece
    os.close(mine)
    assert told in b" ".join(output.split())
    assert started.wait() == status
    assert redis_client.dbsize() == 1


def test_a_server_that_is_killed_ends_the_run(servers: object) -> None:
    """With what was found so far, and the status for what could not be tried."""
    with run_server("valkey-9") as server, running(server.url) as started:
        server.stop()
        output, _ = started.communicate()
    text = output.decode()
    assert started.returncode == 2, text
    assert f"of {len(CHECKS)} checks did not run" in text
    assert "Stopped: the store can't be reached any more since the check " in text
    assert "Traceback" not in text


def test_time_passes_for_the_named_channels_alone(
    server: Server, redis_client: redis.Redis
) -> None:
    """Two runs on one database don't disturb each other."""
    with (
        RedisChannel("conformance-a", url=server.url) as one,
        RedisChannel("conformance-ab", url=server.url) as other,
    ):
        one.set("key", 1, ttl=50)
        other.set("key", 1, ttl=50)
        advance(redis_client, 60, names=["conformance-a"])
        assert not one.exists("key")
        assert other.exists("key")
        advance(redis_client, 60, names=[])
        assert other.exists("key")


def test_a_script_for_a_server_can_be_pasted(server: Server) -> None:
    """With the URL in the environment; its channels are its own."""
    with server_harness(server.url) as harness:
        code = f"{harness.preamble}\na = open('job')\na.set('key', 1, ttl=50)\nadvance(60)\n"
        path = os.pathsep.join(sys.path)
        done = subprocess.run(
            [sys.executable, "-c", f"{code}print(a.exists('key'))"],
            env={**os.environ, "REDIS_URL": server.url, "PYTHONPATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.stdout == "False\n", done.stderr
