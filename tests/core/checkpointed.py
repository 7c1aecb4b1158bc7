"""A workflow that fails in the middle, for tests of checkpoints."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypedDict
from zlib import crc32

import pytest

from graflow import Channel, task, workflow
from graflow.core.context import TaskExecutionContext
from graflow.exceptions import TaskFailedError

__all__ = ["Count", "Steps", "with_checksums"]


class Count(TypedDict):
    """A result that a schema checks."""

    count: int


class Steps:
    """A workflow of three tasks, the second of which fails until it is told not to."""

    def __init__(self, channel: Channel | Callable[[str], Channel] | None = None) -> None:
        self.ran: list[str] = []
        self.fails = True

        @task(inject_context=True)
        def first(ctx: TaskExecutionContext) -> Count:
            self.ran.append("first")
            ctx.get_channel().append("list", {"deep": (1, 2)})
            return {"count": 1}

        @task(inject_context=True)
        def second(ctx: TaskExecutionContext) -> Count:
            self.ran.append("second")
            if self.fails:
                raise ValueError("not yet")
            return {"count": ctx.get_result(first)["count"] + 1}

        @task(inject_context=True)
        def third(ctx: TaskExecutionContext) -> Count:
            self.ran.append("third")
            return {"count": ctx.get_result(second)["count"] + 1}

        with workflow("steps", channel=channel) as self.workflow:
            first >> second >> third

    def fail(self, path: Path, **arguments: Any) -> None:
        """Run the first task, and save that."""
        with pytest.raises(TaskFailedError):
            self.workflow.execute(checkpoint=path, **arguments)
        self.ran.clear()
        self.fails = False


def with_checksums(*records: object) -> bytes:
    """Return a file of these records as somebody might make it."""
    data, checksum = b"", 0
    for record in records:
        text = json.dumps(record).encode()
        checksum = crc32(text, checksum)
        data += b'{"crc32":"%08x","record":%b}\n' % (checksum, text)
    return data
