"""Runs in a test that freezes time."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from graflow import RedisChannel, task, workflow
from graflow.core.travel.executors import ExecutorSource
from tests.core.travelling import Elsewhere
from tests.servers import Server


@pytest.mark.timeout(60)
@pytest.mark.parametrize("executor", [None, Elsewhere])
@pytest.mark.usefixtures("frozen")
def test_a_pause_ends_although_time_stands_still(
    executor: ExecutorSource | None, servers: Callable[[str], Server]
) -> None:
    """It waits in real time, as nothing else moves the clock on."""
    with RedisChannel("frozen", url=f"unix://{servers('valkey-9').socket}") as channel:
        channel.clear()

        @task(max_retries=2, retry_delay=0.05)
        def flaky() -> int:
            attempt = channel.atomic_add("attempts")
            if attempt < 3:
                raise ConnectionError
            return int(attempt)

        with workflow("w", channel=channel) as wf:
            flaky(task_id="flaky")
        assert wf.execute(executor=executor) == 3
