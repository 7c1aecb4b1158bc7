"""The instrumentor that `opentelemetry-instrument` finds by its entry point."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from graflow.otel.instrumentation import instrument, uninstrument

__all__ = ["GraflowInstrumentor"]


class GraflowInstrumentor:
    """An instrumentor like those of OpenTelemetry, without their base class.

    It lets `opentelemetry-instrument python program.py` instrument graflow with no change to the
    program. In code, call `instrument`.
    """

    def instrumentation_dependencies(self) -> Collection[str]:
        """Return what has to be installed: nothing besides graflow."""
        return ()

    def instrument(self, **options: Any) -> None:
        """Do as the function `instrument`, with those of the options that it has."""
        providers = ("tracer_provider", "meter_provider")
        instrument(**{name: options[name] for name in providers if name in options})

    def uninstrument(self, **options: Any) -> None:
        """Do as the function `uninstrument`."""
        uninstrument()
