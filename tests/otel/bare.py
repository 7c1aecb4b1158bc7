"""A task in a module that knows nothing of telemetry."""

from __future__ import annotations

import sys

from graflow import task

__all__ = ["imported"]


@task
def imported() -> list[str]:
    """Return what this process has imported for telemetry."""
    return [name for name in sys.modules if name.startswith(("opentelemetry", "graflow.otel"))]
