"""Every Python snippet of the documentation runs; `tests/checkers` has their types checked.

The specification's snippets are fragments: they get `PRELUDE` before them and nothing else.
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import redis
from sybil import Example, Sybil
from sybil.parsers.markdown import CodeBlockParser, PythonCodeBlockParser

from graflow import MemoryChannel, RedisChannel, workflow
from graflow.channels import factory
from graflow.core.workflow import ChannelSource
from tests.pages import PRELUDE, write_modules
from tests.paths import ROOT
from tests.servers import (
    SERVERS,
    Certificates,
    Cluster,
    Server,
    run_server,
    run_tls,
    run_watched,
)

TOUR = ROOT / "docs/tour.md"
SPECIFICATION = ROOT / "docs/specification.md"
TRANSACTIONS = ROOT / "docs/transactions.md"
DIGEST = "3b222afc1e56efff1b0b5805871cbaef17f9d9f6dc540c7840dd360a625929c4"


def compare_output(example: Example) -> str | None:
    """Compare a `text` block with what the Python blocks above it printed."""
    printed = example.namespace["capsys"].readouterr().out
    return None if printed == example.parsed else f"this was printed:\n{printed}"


SNIPPETS = Sybil([PythonCodeBlockParser()])
SNIPPETS_AND_OUTPUT = Sybil([PythonCodeBlockParser(), CodeBlockParser("text", compare_output)])


@pytest.mark.parametrize(
    ("page", "snippets"),
    [
        ("README.md", 1),
        ("docs/tour.md", 9),
        ("docs/index.md", 6),
        ("docs/tutorial/tasks.md", 7),
        ("docs/tutorial/channel.md", 6),
        ("docs/tutorial/types.md", 7),
        ("docs/tutorial/keys.md", 6),
        ("docs/workflows.md", 16),
        ("docs/channels.md", 14),
        ("docs/keys.md", 13),
        ("docs/transactions.md", 14),
        ("docs/waiting.md", 8),
        ("docs/executors.md", 8),
        ("docs/async.md", 5),
        ("docs/checkpoints.md", 4),
        ("docs/guarantees.md", 4),
        ("docs/ui.md", 1),
        ("docs/files.md", 2),
        ("docs/backends.md", 4),
        ("docs/conformance.md", 3),
    ],
)
def test_a_page_runs(
    page: str,
    snippets: int,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """Its snippets print what stands below them. Its modules, and those on backends, are there."""
    monkeypatch.chdir(tmp_path)
    for each in ("docs/backends.md", page):
        for module in write_modules(each, tmp_path):
            monkeypatch.delitem(sys.modules, Path(module).stem, raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    document = SNIPPETS_AND_OUTPUT.parse(ROOT / page)
    document.namespace["capsys"] = capsys
    ran = 0
    for ran, example in enumerate(document.examples(), start=1):  # noqa: B007
        example.evaluate()
    assert ran >= snippets


@pytest.fixture(params=["memory", "server"])
def names(request: pytest.FixtureRequest, server: Server, redis_url: str) -> dict[str, Any]:
    """What the specification's snippets define, and the `backend` that they ran on.

    The snippet on switching backends makes a channel on the server the default; for memory it
    is put back.
    """
    document = SNIPPETS.parse(SPECIFICATION)
    names: dict[str, Any] = document.namespace
    exec(PRELUDE.format(url=redis_url), names)
    kept: list[object] = []
    names["print"] = lambda *values: kept.extend(values)
    for example in document.examples():
        example.evaluate()
        names.update(example.namespace)
        if request.param == "memory":
            factory._default.set(None)
    names["redis_client"].close()
    return {**names, "backend": request.param, "printed": kept}


def run(names: dict[str, Any], *tasks: str) -> dict[str, Any]:
    """Run tasks of the specification one after the other, and return what is stored."""
    with workflow("check", channel=source_of(names)) as wf:
        first, *others = (names[name] for name in tasks)
        if others:
            for following in others:
                first = first >> following
        else:
            first()
        _, ctx = wf.execute(ret_context=True)
    channel = ctx.get_channel()
    found = channel.get_many(channel.keys())
    channel.clear()
    return found


def source_of(names: dict[str, Any]) -> ChannelSource:
    """Return the channel on which the specification's snippets ran."""
    channel = names["channel"]
    assert isinstance(channel, RedisChannel)
    return MemoryChannel() if names["backend"] == "memory" else channel


def test_the_specification_does_what_it_says(names: dict[str, Any]) -> None:
    """Each task leaves in the channel what the comments promise."""
    names["channel"].clear()
    stored = run(names, "producer", "consumer")
    assert stored["user_id"] == "user_123"
    assert names["printed"][-1] == "User: user_123"
    stored = run(names, "basic_operations")
    assert stored == {
        "user_id": "user_123",
        "score": 95.5,
        "active": True,
        "profile": {"name": "Alice", "age": 30},
        **{key: stored[key] for key in stored if key.endswith("__result__")},
    }
    stored = run(names, "list_operations")
    assert stored["logs"] == ["Log entry 1", "Log entry 2", "Log entry 3"]
    assert stored["stack"] == ["Third", "Second", "First"]
    stored = run(names, "ttl_example")
    assert stored["recent_logs"] == ["Error occurred"]
    stored = run(names, "collect_user_data", "process_user_data")
    assert stored["current_user"]["name"] == "Alice"
    assert names["printed"][-2:] == ["Alice", "alice@example.com"]
    stored = run(names, "calculate", "use_previous_result")
    assert stored["calculate.__result__"] == 42
    assert stored["use_previous_result.__result__"] == 84


def test_parallel_results_are_all_collected(names: dict[str, Any]) -> None:
    """The specification's last example prints all three, in whatever order."""
    collected = next(found for found in names["printed"] if isinstance(found, list))
    assert sorted(collected) == ["Data from api", "Data from cache", "Data from db"]


def test_the_specification_is_as_it_was_given() -> None:
    """It is what the library is held to, so it changes on purpose or not at all."""
    assert hashlib.sha256(SPECIFICATION.read_bytes()).hexdigest() == DIGEST


def test_the_page_on_transactions_runs_on_a_server(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """What it shows in memory is the same there."""
    text = TRANSACTIONS.read_text()
    page = tmp_path / "transactions.md"
    text = text.replace('MemoryChannel("', 'RedisChannel.embedded(name="')
    page.write_text(text.replace("MemoryChannel", "RedisChannel"))
    document = SNIPPETS_AND_OUTPUT.parse(page)
    document.namespace["capsys"] = capsys
    for example in document.examples():
        example.evaluate()
    for name in ("bank", "shop"):
        channel = document.namespace[name]
        assert isinstance(channel, RedisChannel)
        channel.close()


def test_the_page_on_servers_runs(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    clusters: Callable[[str], Cluster],
) -> None:
    """Its snippets print what stands below them, on servers at the addresses that it names."""
    monkeypatch.chdir(tmp_path)
    certificates = Certificates(tmp_path)
    cluster = clusters("valkey-9")
    cluster.flush()
    with run_watched("valkey-9") as watched, ExitStack() as stack:
        server = stack.enter_context(run_server("valkey-9"))
        ports = {
            "6379": server.port,
            "6380": stack.enter_context(run_tls(server, certificates)),
            "7000": cluster.masters[0].port,
            "26379": watched.sentinel.port,
        }
        text = (ROOT / "docs/servers.md").read_text()
        page = tmp_path / "servers.md"
        page.write_text(re.sub(r"\b(6379|6380|7000|26379)\b", lambda m: str(ports[m[0]]), text))
        document = SNIPPETS_AND_OUTPUT.parse(page)
        document.namespace["capsys"] = capsys
        ran = 0
        for ran, example in enumerate(document.examples(), start=1):  # noqa: B007
            example.evaluate()
        assert ran >= 12
        for sentinel in document.namespace["sentinel"].sentinels:
            sentinel.close()


def test_the_versions_in_the_readme_are_those_of_the_servers(
    servers: Callable[[str], Server],
) -> None:
    """The table has each server that the tests run on, and no other."""
    found = set()
    for kind in SERVERS:
        with redis.Redis.from_url(servers(kind).url) as client:
            info: Any = client.info("server")
        name = "valkey" if "valkey_version" in info else "redis"
        found.add((name.title(), info[f"{name}_version"]))
    rows = re.findall(r"^\| (Redis|Valkey) \| ([\d.]+) \|$", TOUR.read_text(), re.MULTILINE)
    assert set(rows) == found
