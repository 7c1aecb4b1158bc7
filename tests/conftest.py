"""Channels on every backend, and the servers below them."""

from __future__ import annotations

import gc
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import pytest_timeout
import redis

from graflow.channels import factory
from graflow.channels.base import Channel
from graflow.system.without_threads import has_threads
from tests.backends import Backend, ClusterBackend, MemoryBackend, ServerBackend, SQLiteBackend
from tests.longest_first import longest_first
from tests.made_once import MadeOnce
from tests.paths import ROOT
from tests.servers import SERVERS, USUAL, Cluster, Server, run_cluster, run_server

NEEDS_SYSTEM = pytest.mark.needs_system

FOLDERS_NEEDING_SYSTEM = [
    ROOT / "tests" / each
    for each in (
        "channels/redis",
        "command",
        "channels/sqlite",
        "checkers",
        "core/travel",
        "mypy_plugin",
        "ui",
    )
]
"""Folders whose tests all need threads, processes or sockets."""

KINDS_NEEDING_SYSTEM = [
    pytest.param(each, marks=NEEDS_SYSTEM) for each in ("sqlite", *SERVERS, "cluster")
]

_LEFT_OUT = pytest.StashKey[int]()

# A busy machine takes its time, which is no fault of what is tested.
hypothesis.settings.register_profile(
    "untimed",
    hypothesis.settings(),
    deadline=None,
    max_examples=100 if sys.platform != "emscripten" else 20,  # which is slow
)
hypothesis.settings.load_profile("untimed")


# A shell that starts the tests in the background has interrupts ignored, here and in what the tests
# start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add a flag for tests that compare with what was written down."""
    parser.addoption(
        "--regenerate",
        action="store_true",
        help="write what checkers say now into tests/mypy_plugin/cases and docs/mypy.md",
    )


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Leave out whole folders, where Python lacks what they import."""
    return (not has_threads() and collection_path in FOLDERS_NEEDING_SYSTEM) or None


def pytest_itemcollected(item: pytest.Item) -> None:
    """Leave what further servers, and the nodes of a cluster, say to a test to `make test-all`."""
    params: dict[str, object] = item.callspec.params if hasattr(item, "callspec") else {}
    kinds = {each for each in params.values() if isinstance(each, str)} & SERVERS.keys()
    if kinds - {USUAL} or params.get("backend") == "cluster":
        item.add_marker(pytest.mark.thorough)


@pytest.hookimpl(trylast=True)  # tests that share a fixture are together before
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with the longest; leave out what needs threads and the like, where Python has none."""
    if hasattr(config, "workerinput"):
        items[:] = longest_first(items, config.workerinput["workercount"])
    if has_threads():
        return
    left_out = [item for item in items if item.get_closest_marker(NEEDS_SYSTEM.name)]
    config.stash[_LEFT_OUT] = len(left_out)
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in set(left_out)]


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say how many tests were left out."""
    if _LEFT_OUT in config.stash:
        count = config.stash[_LEFT_OUT]
        terminalreporter.line(f"{count} left out, which need threads, processes or sockets")


def pytest_collection_finish() -> None:
    """Spare each collection of garbage the thousands of tests, which took half a second a time."""
    gc.collect()
    gc.freeze()


class TookTooLong(BaseException):
    """The end of a test that hangs.

    It is neither an `Exception` nor what `pytest.fail` raises: Hypothesis would take that for the
    failure of an example, try the example again, and report that it is flaky.
    """


@pytest.hookimpl(optionalhook=True)
def pytest_timeout_set_timer(item: pytest.Item, settings: pytest_timeout.Settings) -> bool | None:
    """End what hangs as pytest-timeout does, but with an error that nothing on the way catches."""
    if not hasattr(signal, "setitimer"):
        return True  # nothing can be timed in WebAssembly
    if settings.method != "signal" or threading.current_thread() is not threading.main_thread():
        return None

    def end(signum: int, frame: object) -> None:
        try:
            pytest_timeout.timeout_sigalrm(item, settings)
        except pytest.fail.Exception as error:
            raise TookTooLong(error.msg) from None

    def cancel() -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)

    vars(item)["cancel_timeout"] = cancel  # `pytest_timeout_cancel_timer` calls it
    signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, settings.timeout)
    return True


@pytest.fixture(autouse=True)
def _no_default_channel(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep a default channel that a test makes from the tests after it."""
    default = ContextVar[Channel | None]("default", default=None)
    monkeypatch.setattr(factory, "_default", default)


@pytest.fixture(scope="session")
def made_once(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> MadeOnce:
    """A function that gives a folder that all workers share."""
    return MadeOnce(pytestconfig, tmp_path_factory)


@pytest.fixture(scope="session")
def servers() -> Iterator[Callable[[str], Server]]:
    """A function that gives the server of a kind; each starts when it is first asked for."""
    with ExitStack() as stack:
        yield cache(lambda kind: stack.enter_context(run_server(kind)))


@pytest.fixture(scope="session", params=KINDS_NEEDING_SYSTEM[1:-1])
def server(request: pytest.FixtureRequest, servers: Callable[[str], Server]) -> Server:
    """A server of each kind, shared by all tests: leave it running and as it was."""
    return servers(request.param)


@pytest.fixture
def redis_client(server: Server) -> Iterator[redis.Redis]:
    """A client of the server, which is empty at first."""
    with redis.Redis.from_url(server.url) as client:
        client.flushall()
        yield client


@pytest.fixture
def redis_url(server: Server, redis_client: redis.Redis) -> str:
    """The URL of the server, which is empty at first."""
    return server.url


@pytest.fixture(scope="session")
def clusters() -> Iterator[Callable[[str], Cluster]]:
    """A function that gives the cluster of a kind; each starts when it is first asked for."""
    with ExitStack() as stack:
        yield cache(lambda kind: stack.enter_context(run_cluster(kind, silence=5_000)))


@pytest.fixture(params=["memory", *KINDS_NEEDING_SYSTEM])
def backend(
    request: pytest.FixtureRequest,
    servers: Callable[[str], Server],
    clusters: Callable[[str], Cluster],
    tmp_path: Path,
) -> Iterator[Backend]:
    """Memory, a file, a server of each kind, and a cluster; nothing is stored at first."""
    if request.param == "memory":
        yield MemoryBackend()
    elif request.param == "sqlite":
        with SQLiteBackend(tmp_path / "channels.db") as backend:
            yield backend
    elif request.param == "cluster":
        with ClusterBackend(clusters("redis-6.2")) as backend:
            yield backend
    else:
        with ServerBackend(servers(request.param)) as backend:
            yield backend


@pytest.fixture
def open_channel(backend: Backend) -> Callable[[str], Channel]:
    """A function that opens a new handle on the channel of a name."""
    return backend.open


@pytest.fixture
def channel(open_channel: Callable[[str], Channel]) -> Channel:
    """An empty channel on each backend."""
    return open_channel("test")


@pytest.fixture
def advance(backend: Backend) -> Callable[[float], None]:
    """A function that lets so many seconds pass on the backend, without waiting."""
    return backend.advance


@pytest.fixture
def frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stop all clocks as freezegun does: in `time`, and in each module that took one from there."""
    for name in ("time", "monotonic", "perf_counter"):
        real: Any = getattr(time, name)
        now = real()
        for module in list(sys.modules.values()):
            if not module.__name__.startswith(("_", "pytest", "threading")):
                for attribute in [each for each, it in vars(module).items() if it is real]:
                    monkeypatch.setattr(module, attribute, lambda now=now: now)
