"""Events that the library logs: with names and ids, silent by default, and without any value."""

from __future__ import annotations

import logging
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from graflow import RedisChannel, RunObserver, TaskEvent, task, workflow
from graflow.channels.locks.lease import Holding
from graflow.channels.memory_channel import MemoryChannel
from graflow.exceptions import OutcomeUnknownError
from tests.paths import ROOT
from tests.proxy import run_proxy, url_of
from tests.servers import Server

SECRET = "a-value"


def logged(caplog: pytest.LogCaptureFixture, words: str) -> logging.LogRecord:
    """Return the first record with these words, after a look that none shows a value."""
    assert SECRET not in "".join(str(vars(record)) for record in caplog.records)
    return next(record for record in caplog.records if words in record.getMessage())


def test_an_unknown_outcome_and_the_attempts_before_it(
    servers: Callable[[str], Server], caplog: pytest.LogCaptureFixture
) -> None:
    """Each names the channel."""
    caplog.set_level(logging.INFO, "graflow.channels")
    with (
        run_proxy(servers("valkey-9")) as proxy,
        RedisChannel("logged", url=url_of(proxy), timeout=3) as channel,
    ):
        proxy.faults = 1_000
        with pytest.raises(OutcomeUnknownError):
            channel.append("list", SECRET)
    again = logged(caplog, "sent again")
    unknown = logged(caplog, "may have happened or not")
    assert (again.levelno, unknown.levelno) == (logging.INFO, logging.WARNING)
    assert [vars(each)["channel"] for each in (again, unknown)] == ["logged", "logged"]


def test_a_lost_lease(caplog: pytest.LogCaptureFixture) -> None:
    """It names the channel and the key, once."""
    channel = MemoryChannel("logged")
    holding = Holding(channel.backend, "key", "nobody", 1, 60_000, time.monotonic())
    holding.renew()
    assert holding.lost
    record = logged(caplog, "was lost")
    assert (vars(record)["channel"], vars(record)["key"]) == ("logged", "key")


def test_a_retry_and_an_observer_that_raises(caplog: pytest.LogCaptureFixture) -> None:
    """They name the run, and the task."""
    caplog.set_level(logging.INFO, "graflow.run")
    failures = [ValueError(SECRET)]

    class Rude(RunObserver):
        def task_started(self, event: TaskEvent) -> None:
            raise LookupError(SECRET)

    @task(max_retries=1, retry_delay=0.001)
    def failing() -> None:
        if failures:
            raise failures.pop()

    with workflow("logged") as wf:
        failing()
    with pytest.warns(RuntimeWarning, match="did not send it any more events"):
        _, ctx = wf.execute(observers=[Rude()], ret_context=True)
    retried, dropped = logged(caplog, "ValueError"), logged(caplog, "Rude")
    assert (vars(retried)["run_id"], vars(retried)["task_id"]) == (ctx.run_id, "failing")
    assert vars(dropped)["run_id"] == ctx.run_id
    assert (retried.levelno, dropped.levelno) == (logging.INFO, logging.WARNING)


def test_nothing_is_said_by_default() -> None:
    """A program without handlers has nothing on its standard error."""
    script = "from graflow.system.logs import RUN; RUN.warning('lost')"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
