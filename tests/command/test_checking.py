"""What `check` and `doctor` find."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import redis

from graflow.command.examined.rights import FOR_CHANNELS, FOR_LOOKING
from tests.command.commands import Place, graflow
from tests.paths import ROOT
from tests.servers import Cluster, Server, run_server

RIGHTS = re.findall(
    r"^ACL SETUSER worker (.*)$", (ROOT / "docs/tour.md").read_text(), re.MULTILINE
)[0]


def states(url: str, **variables: str) -> dict[str, tuple[str, str]]:
    """Return what `check` says of each thing."""
    lines = graflow("check", url, "--json", **variables).lines
    return {each["what"]: (each["state"], each["says"]) for each in map(json.loads, lines)}


@pytest.fixture
def worker(server: Server, redis_client: redis.Redis) -> Iterator[Callable[..., str]]:
    """A function that makes a user with some rights, and returns the URL for it."""

    def make(*rights: str) -> str:
        client.execute_command("ACL", "DELUSER", "worker")
        client.execute_command("ACL", "SETUSER", "worker", "on", ">s3cret", *rights)
        return server.url.replace("redis://", "redis://worker@")

    client: Any = redis_client
    yield make
    client.execute_command("ACL", "DELUSER", "worker")


def test_a_place_is_examined(place: Place) -> None:
    """Nothing is bad about those of the tests, and nothing is left behind."""
    place.open("orders").set("key", 1)
    found = graflow("check", place.url)
    assert (found.status, found.err) == (0, ""), found.out
    says = {line.split("\t")[0].rpartition(": ")[2] for line in found.lines}
    expected = {"latency", "rights"}
    expected |= {"integrity", "journal mode", "free space"} if "sqlite" in place.url else {"clock"}
    assert expected <= says
    assert list(place.open("orders").names_beside()) == ["orders"]


def test_rights_are_looked_at_without_a_change(
    worker: Callable[..., str], redis_client: redis.Redis
) -> None:
    """Those of the documentation are enough; what is missing is named."""
    names = [right[1:] for right in RIGHTS.split() if right.startswith("+")]
    assert set(names) == set(FOR_CHANNELS)
    password = {"GRAFLOW_PASSWORD": "s3cret"}
    plain = worker(*RIGHTS.split()[2:])
    assert states(plain, **password)["rights"] == ("ok", "all that is needed")
    looking = f"missing, as ACL SETUSER takes it: {' '.join(f'+{each}' for each in FOR_LOOKING)}"
    assert states(plain, **password)["rights to look"] == ("bad", looking)
    known = redis_client.info("server")
    can_try = int(str(known["redis_version"]).partition(".")[0]) >= 7
    lacks = ["+get", "+zadd", *["+rpush"] * can_try]
    rights = [right for right in RIGHTS.split()[2:] if right not in lacks]
    says = states(worker(*rights), **password)["rights"]
    assert says == ("bad", f"missing, as ACL SETUSER takes it: {' '.join(sorted(lacks))}") or (
        sorted(says[1].partition(": ")[2].split()) == sorted(lacks)
    )
    assert redis_client.keys("*") == []


def test_rights_are_looked_at_for_one_who_has_few(worker: Callable[..., str]) -> None:
    """Who can't even ask for the time is told so, with all else that is missing."""
    found = states(worker("~*", "+@read"), GRAFLOW_PASSWORD="s3cret")
    assert found["clock"] == ("", "not known: this user may not ask for it")
    state, says = found["rights"]
    assert state == "bad"
    assert {"+time", "+eval", "+set"} <= set(says.split())


def test_a_password_comes_from_the_environment_and_is_never_shown(
    worker: Callable[..., str], redis_client: redis.Redis
) -> None:
    """Neither where it is right nor where it is wrong, wherever it was given."""
    url = worker("~*", "+@all")
    found = graflow("check", url, GRAFLOW_PASSWORD="s3cret")
    assert found.status == 0
    assert "s3cret" not in found.out + found.err
    for wrong in (
        graflow("keys", url, "orders", GRAFLOW_PASSWORD="wr0ng"),
        graflow("keys", url.replace("worker@", "worker:wr0ng@"), "orders"),
        graflow("keys", url.replace("worker@", "worker:wr0ng/x@"), "orders"),
        graflow("keys", "http://worker:wr0ng@host/", "orders"),
        graflow("keys", "redis://worker:wr0ng@localhost:1/0", "orders"),
    ):
        assert wrong.status == 2
        assert "wr0ng" not in wrong.out + wrong.err
        assert wrong.err.startswith("graflow: ")


def test_what_is_bad_about_a_server_is_status_1() -> None:
    """Such as that it deletes keys on its own, which keeps a channel from writing there."""
    options = ("--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru")
    with run_server("valkey-9", *options) as server:
        found = graflow("check", server.url)
        assert found.status == 1
        assert found.err == "graflow: not as it should be: eviction\n"
        assert "deletes keys on its own" in found.out
        assert graflow("set", server.url, "orders", "key", "1").status == 2
        assert graflow("keys", server.url, "orders").status == 1  # looking does no harm


def test_a_cluster_is_known_for_one_without_the_right_to_ask(
    clusters: Callable[[str], Cluster],
) -> None:
    """By its table of slots, which every user of a cluster may ask for."""
    cluster = clusters("redis-6.2")
    cluster.flush()
    rights = (*RIGHTS.split()[2:], "+cluster|slots", "+asking", "+zscan")
    for master in cluster.masters:
        master.client.execute_command("ACL", "SETUSER", "worker", "on", ">s3cret", *rights)
    url = cluster.url.replace("redis://", "redis://worker@")
    assert graflow("set", url, "orders", "key", "1", GRAFLOW_PASSWORD="s3cret").status == 0
    assert graflow("keys", url, "orders", GRAFLOW_PASSWORD="s3cret").out == "key\n"
    for master in cluster.masters:
        master.client.execute_command("ACL", "DELUSER", "worker")


def test_a_server_that_is_not_there_is_status_2_at_once(tmp_path: Path) -> None:
    """By name, port or socket."""
    for url in (
        "redis://localhost:1/0",
        "redis://no-such-host.invalid:6379/0",
        f"unix://{tmp_path}/none.sock",
        "redis+cluster://localhost:1",
    ):
        found = graflow("check", url)
        assert (found.status, found.out) == (2, "")
        assert found.err.startswith("graflow: the server ")


def test_a_damaged_file_is_found(file: Place, tmp_path: Path) -> None:
    """And said to be so."""
    channel = file.open("orders")
    channel.set_many({f"key:{number:04}": "x" * 200 for number in range(500)})
    channel.close()
    path = tmp_path / "channels.db"
    content = bytearray(path.read_bytes())
    content[40_000:60_000] = b"\xff" * 20_000
    path.write_bytes(content)
    found = graflow("check", file.url)
    assert found.status in (1, 2)
    assert "damaged" in found.err or "integrity" in found.err


def test_a_file_of_another_program_is_left_alone(tmp_path: Path) -> None:
    """And is status 2."""
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE other (x)")
    before = path.read_bytes()
    found = graflow("keys", f"sqlite:///{path}", "orders")
    assert found.status == 2
    assert "another program" in found.err
    assert path.read_bytes() == before


def test_the_doctor_names_what_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python, the libraries, the extras, and the plugin in the configuration of mypy."""
    monkeypatch.chdir(tmp_path)

    def said() -> dict[str, str]:
        found = graflow("doctor", "--json")
        assert found.status == 0
        return {each["what"]: each["says"] for each in map(json.loads, found.lines)}

    assert {"Python", "platform", "threads", "graflow", "pydantic", "redis", "SQLite"} <= set(
        said()
    )
    assert said()["mypy plugin"].startswith("there is no configuration")
    (tmp_path / "pyproject.toml").write_text("[tool.mypy]\nplugins = ['graflow_mypy']\n")
    assert said()["mypy plugin"] == "named in pyproject.toml"
    (tmp_path / "mypy.ini").write_text("[mypy]\nplugins = other\n")
    assert said()["mypy plugin"].startswith("not named in mypy.ini")
