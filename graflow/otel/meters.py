"""Meters: the metrics of runs, tasks and channels."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Final, ParamSpec

from opentelemetry import metrics

import graflow
from graflow.otel import names
from graflow.otel.servers import Attributes, server_attributes
from graflow.system.logs import TELEMETRY
from graflow.system.notices import Occurrence

__all__ = ["SCHEMA", "Meters", "error_name", "harmless", "meters_from", "tell_of"]

P = ParamSpec("P")

SCHEMA: Final = "https://opentelemetry.io/schemas/1.36.0"
"""The version of the semantic conventions whose names are used here."""

_OF_OPERATIONS: Final = (1e-5, 1e-4, 2.5e-4, 5e-4, 0.001, 0.0025, 0.005, 0.01, 0.1, 1, 5, 60)
_OF_WAITS: Final = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60, 300)
_OF_TASKS: Final = (0.001, 0.01, 0.1, 0.5, 1, 5, 10, 60, 300, 1800, 3600, 21600)


def harmless(call: Callable[P, object]) -> Callable[P, None]:
    """Return a function that logs what it raises, as no run fails of its telemetry."""

    @wraps(call)
    def called(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            call(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 - of an exporter or a processor
            tell_of(error)

    return called


def tell_of(error: Exception) -> None:
    """Log what a part of OpenTelemetry has raised."""
    TELEMETRY.warning("Telemetry raised %s", type(error).__name__, exc_info=error)


def error_name(error: BaseException) -> str:
    """Return the full name of an error's class, as it is imported; it stands for the error."""
    kind = type(error)
    name, module = kind.__qualname__, kind.__module__
    if module == "builtins":
        return name
    return f"{'graflow' if module.startswith('graflow.exceptions') else module}.{name}"


class Meters:
    """The instruments that measurements are made with.

    Attributes:
        operations: Takes the seconds of each call of a backend.
        runs: Takes the seconds of each run.
        tasks: Takes the seconds of each task, with all its attempts and their pauses.
        retries: Counts attempts that failed and were followed by others.
        active_runs: The number of runs that this process drives.
        active_tasks: The number of tasks that have begun and not ended.
        is_on: Whether calls and notices count; runs are followed to their end in any case.
    """

    def __init__(self, meter: metrics.Meter) -> None:
        """Make the instruments."""

        def seconds(name: str, what: str, bounds: tuple[float, ...]) -> metrics.Histogram:
            return meter.create_histogram(
                name, "s", what, explicit_bucket_boundaries_advisory=bounds
            )

        self.operations = seconds(
            names.OPERATIONS, "Duration of calls of a channel's backend", _OF_OPERATIONS
        )
        self.runs = seconds(names.RUNS, "Duration of runs", _OF_TASKS)
        self.tasks = seconds(names.TASKS, "Duration of tasks, with all attempts", _OF_TASKS)
        self.retries = meter.create_counter(
            names.RETRIES, "{attempt}", "Attempts at tasks that failed and were followed by others"
        )
        self.active_runs = meter.create_up_down_counter(
            names.ACTIVE_RUNS, "{run}", "Runs under way"
        )
        self.active_tasks = meter.create_up_down_counter(
            names.ACTIVE_TASKS, "{task}", "Tasks under way"
        )
        self._waits = seconds(
            names.WAITS, "Duration of waits for a value, an item or a lock", _OF_WAITS
        )
        self._counts = {
            "resend": meter.create_counter(
                names.RESENDS, "{attempt}", "Operations sent again after a failed attempt"
            ),
            "unknown_outcome": meter.create_counter(
                names.UNKNOWN_OUTCOMES, "{operation}", "Operations that may have happened or not"
            ),
            "lost_lock": meter.create_counter(
                names.LOST_LOCKS, "{lock}", "Locks whose lease was lost while they were held"
            ),
        }
        self.is_on = True

    @harmless
    def notice(self, what: Occurrence, server: str, seconds: float) -> None:
        """Count what somebody tells of; see `graflow.system.notices`."""
        attributes = server_attributes(server)
        counter = self._counts.get(what)
        if counter is not None:
            counter.add(1, attributes)
        else:
            self._waits.record(seconds, {**attributes, names.WAITED_FOR: what})

    def measure(
        self, seconds: float, attributes: Attributes, error: BaseException | None = None
    ) -> None:
        """Record how long a call of a backend took, and what it raised."""
        if not self.is_on:
            return
        try:
            if error is not None:
                attributes = {**attributes, names.ERROR: error_name(error)}
            self.operations.record(seconds, attributes)
        except Exception as problem:  # noqa: BLE001 - see `harmless`
            tell_of(problem)


def meters_from(provider: Any) -> Meters:
    """Return the meters of a provider, or of the global one."""
    return Meters(metrics.get_meter("graflow", graflow.__version__, provider, SCHEMA))
