"""Spans of several processes, gathered in one file."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult

from graflow import task
from graflow.otel import instrument

__all__ = ["Line", "awaits", "fails_once", "lines_in", "set_up", "works"]

Line = dict[str, Any]
"""What is known of a span."""


class FileExporter(SpanExporter):
    """An exporter that adds a line to a file, which many processes may do at once."""

    def __init__(self, path: Path) -> None:
        """Export to a file."""
        self._path = path

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Add a line for each span."""
        with self._path.open("a") as file:
            file.writelines(_line(span) + "\n" for span in spans)
        return SpanExportResult.SUCCESS


def _line(span: ReadableSpan) -> str:
    assert span.context is not None
    return json.dumps(
        {
            "name": span.name,
            "pid": os.getpid(),
            "trace": span.context.trace_id,
            "id": span.context.span_id,
            "parent": span.parent.span_id if span.parent else None,
            "outcome": (span.attributes or {}).get("graflow.outcome"),
            "events": [event.name for event in span.events],
            "links": len(span.links),
        }
    )


def lines_in(path: Path) -> dict[str, Line]:
    """Return the spans in a file, by their names."""
    return {line["name"]: line for line in map(json.loads, path.read_text().splitlines())}


def set_up(path: Path) -> None:
    """Instrument this process; a worker does so when it starts."""
    tracers = TracerProvider()
    tracers.add_span_processor(SimpleSpanProcessor(FileExporter(path)))
    instrument(tracer_provider=tracers)


@task
def works() -> tuple[int, int]:
    """Return the ids of this process and of the current span."""
    return os.getpid(), trace.get_current_span().get_span_context().span_id


@task
async def awaits() -> tuple[int, int]:
    """Do the same on the event loop of a worker."""
    return os.getpid(), trace.get_current_span().get_span_context().span_id


@task(max_retries=1, retry_delay=0)
def fails_once(mark: str) -> tuple[int, int]:
    """Fail in the first attempt, which leaves a file behind."""
    try:
        Path(mark).touch(exist_ok=False)
    except FileExistsError:
        return os.getpid(), trace.get_current_span().get_span_context().span_id
    raise ValueError("no")
