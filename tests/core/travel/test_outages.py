"""Retries while the channel's server is away."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
import redis

from graflow import RedisChannel, TaskExecutionContext, task, workflow
from graflow.core.run.events import TaskEvent
from graflow.core.state.results import Results
from graflow.core.travel.executors import ExecutorSource
from graflow.exceptions import ChannelUnavailableError, RunSupersededError, TaskFailedError
from tests.core.travelling import Elsewhere, processes
from tests.core.watching import Log
from tests.servers import Server, run_server

SOURCES: list[ExecutorSource | None] = [None, partial(ThreadPoolExecutor, 1), Elsewhere, processes]


@pytest.fixture
def server() -> Iterator[Server]:
    """A server that may be killed, and keeps what it was given."""
    with run_server("valkey-9", "--appendonly", "yes", "--appendfsync", "always") as server:
        yield server


def process_of(server: Server) -> int:
    """Return the id of a server's process."""
    with redis.Redis(unix_socket_path=str(server.socket)) as client:
        return int(client.info("server")["process_id"])


class Back(Log):
    """Starts the server again when an attempt of so high a number has failed."""

    def __init__(self, server: Server, attempt: int) -> None:
        super().__init__()
        self._server = server
        self._attempt = attempt

    def task_retried(self, event: TaskEvent, error: BaseException, pause: float) -> None:
        """Start it, if it is time to."""
        super().task_retried(event, error, pause)
        if event.attempt == self._attempt:
            self._server.stop()
            self._server.start()


@task(inject_context=True, max_retries=4, retry_delay=0.001)
def unlucky(ctx: TaskExecutionContext, server: int, ran: str) -> int:
    """Store a result, and kill the server, at the first attempt."""
    channel = ctx.get_channel()
    with Path(ran).open("a") as file:
        file.write("x")
    if len(Path(ran).read_text()) == 1:
        channel.set(Results(channel, ctx.run_id).key("unlucky"), "too early")
        os.kill(server, signal.SIGKILL)
    return len(Path(ran).read_text()) + int(ctx.get_result("unlucky", 0))


@pytest.mark.parametrize("executor", SOURCES)
def test_retries_outlast_an_outage(
    executor: ExecutorSource | None, server: Server, tmp_path: Path
) -> None:
    """An attempt that can't remove an earlier result has failed, as one that can't read has."""
    ran = tmp_path / "ran"
    log = Back(server, attempt=3)
    with RedisChannel("w", url=f"unix://{server.socket}", timeout=0.3) as channel:
        with workflow("w", channel=channel) as wf:
            unlucky(task_id="unlucky", server=process_of(server), ran=str(ran))
        assert wf.execute(executor=executor, observers=[log]) == 2
        assert channel.get("unlucky.__result__") == 2
    assert [event.rpartition(" ")[0] for event in log.events if "retried" in event] == [
        f"unlucky {attempt} retried after" for attempt in (1, 2, 3)
    ]


def test_a_run_ends_that_its_server_has_forgotten(tmp_path: Path) -> None:
    """Who lost the run has lost its results, and anybody may have begun it anew."""
    with run_server("valkey-9") as server:
        log = Back(server, attempt=1)
        with RedisChannel("w", url=f"unix://{server.socket}", timeout=0.3) as channel:
            with workflow("w", channel=channel) as wf:
                ran = str(tmp_path / "ran")
                unlucky(task_id="unlucky", server=process_of(server), ran=ran)
            with pytest.raises(RunSupersededError, match="destroyed"):
                wf.execute(observers=[log])
            assert channel.keys() == []


@pytest.mark.parametrize("executor", SOURCES)
def test_an_outage_that_outlasts_the_retries_is_the_failure_of_the_task(
    executor: ExecutorSource | None, server: Server, tmp_path: Path
) -> None:
    """Named as any other, and in the bounds of its policy."""
    log = Log()
    with RedisChannel("w", url=f"unix://{server.socket}", timeout=0.3) as channel:
        with workflow("w", channel=channel) as wf:
            unlucky(task_id="unlucky", server=process_of(server), ran=str(tmp_path / "ran"))
        with pytest.raises(TaskFailedError, match="'unlucky'") as caught:
            wf.execute(executor=executor, observers=[log])
    assert isinstance(caught.value.__cause__, ChannelUnavailableError)
    assert log.events[-1] == "unlucky 5 failed with ChannelUnavailableError"
