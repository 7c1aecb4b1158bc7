"""The switch: what graflow tells OpenTelemetry, turned on and off."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from graflow.channels.backend.fronts import set_front
from graflow.core.state.following import FOLLOWING
from graflow.system.extras import require
from graflow.system.forks import guard
from graflow.system.notices import listen

if TYPE_CHECKING:
    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import TracerProvider

    from graflow.otel.meters import Meters

__all__ = ["instrument", "uninstrument"]


class _Switch:
    """Whether this process is instrumented; a forked one is if its parent was."""

    def __init__(self) -> None:
        self.meters: Meters | None = None
        self.start_anew()
        guard(self)

    def start_anew(self) -> None:
        self.lock = Lock()


_switch = _Switch()


def instrument(
    *,
    tracer_provider: TracerProvider | None = None,
    meter_provider: MeterProvider | None = None,
) -> None:
    """Make spans of runs and tasks, and metrics of runs and channels, from now on.

    This is about this process, and those that are forked from it. Runs that have begun already are
    not followed, and the operations of handles on channels that were made before are not measured.
    A second call does nothing; `uninstrument` first to change the providers.

    Args:
        tracer_provider: Takes the spans; by default the global one.
        meter_provider: Takes the metrics; by default the global one.

    Raises:
        ExtraMissingError: OpenTelemetry is not installed (`graflow[otel]`).
    """
    require("opentelemetry.trace", "otel", "telemetry", distribution="opentelemetry-api")
    # Not at the top, as it may be missing.
    from graflow.otel.measured import in_front  # noqa: PLC0415
    from graflow.otel.meters import meters_from  # noqa: PLC0415
    from graflow.otel.spans import Tracing  # noqa: PLC0415

    with _switch.lock:
        if _switch.meters is not None:
            return
        meters = meters_from(meter_provider)
        tracing = Tracing(tracer_provider, meters)
        _switch.meters = meters
        FOLLOWING.follow, FOLLOWING.receive = tracing.follow, tracing.receive
        set_front(in_front(meters))
        listen(meters.notice)


def uninstrument() -> None:
    """Make no more spans and metrics; runs that are followed are followed to their end.

    Operations of handles on channels are measured no more. A second call does nothing.
    """
    with _switch.lock:
        FOLLOWING.follow = FOLLOWING.receive = None
        set_front(None)
        listen(None)
        if _switch.meters is not None:
            _switch.meters.is_on = False
            _switch.meters = None
