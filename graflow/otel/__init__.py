"""OpenTelemetry: spans of runs and tasks, and metrics of channels, for `graflow[otel]`."""

from graflow.otel.instrumentation import instrument, uninstrument

__all__ = ["instrument", "uninstrument"]
