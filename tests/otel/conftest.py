"""Telemetry that tests can read: the SDK's own exporters in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from graflow.otel import instrument, uninstrument


class Telemetry:
    """What was exported so far."""

    def __init__(self) -> None:
        """Begin with providers of its own, as the global ones can be set only once."""
        self.exporter = InMemorySpanExporter()
        self.tracers = TracerProvider()
        self.tracers.add_span_processor(SimpleSpanProcessor(self.exporter))
        self._reader = InMemoryMetricReader()
        self.meters = MeterProvider([self._reader])
        self.tracer = self.tracers.get_tracer("tests")

    def spans(self) -> list[ReadableSpan]:
        """Return the spans that have ended, in that order."""
        return list(self.exporter.get_finished_spans())

    def span(self, name: str) -> ReadableSpan:
        """Return the one span of a name."""
        (found,) = [span for span in self.spans() if span.name == name]
        return found

    def parents(self) -> dict[str, str | None]:
        """Return the name of each span's parent; `None` of those that have none."""
        names = {span.context.span_id: span.name for span in self.spans() if span.context}
        return {
            span.name: names[span.parent.span_id] if span.parent else None for span in self.spans()
        }

    def metrics(self) -> dict[str, list[tuple[Mapping[str, Any], Any]]]:
        """Return the attributes and the values of each metric; of a histogram, data points."""
        data = self._reader.get_metrics_data()
        if data is None:
            return {}
        return {
            metric.name: [
                (dict(point.attributes or {}), getattr(point, "value", point))
                for point in metric.data.data_points
            ]
            for resource in data.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
        }

    def operations(self) -> dict[str, int]:
        """Return how often each operation of a backend was measured."""
        found: dict[str, int] = {}
        for attributes, point in self.metrics().get("graflow.channel.operation.duration", []):
            name = attributes["db.operation.name"]
            found[name] = found.get(name, 0) + point.count
        return found


@pytest.fixture
def telemetry() -> Iterator[Telemetry]:
    """Instrumented while a test runs."""
    told = Telemetry()
    instrument(tracer_provider=told.tracers, meter_provider=told.meters)
    try:
        yield told
    finally:
        uninstrument()
        told.tracers.shutdown()
        told.meters.shutdown()
