"""The switch: what graflow tells OpenTelemetry, turned on and off."""

from __future__ import annotations

import builtins
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import EntryPoint
from typing import Any

import pytest

from graflow import ExtraMissingError, MemoryChannel, task, workflow
from graflow.channels.backend.fronts import fronted
from graflow.core.state.following import FOLLOWING
from graflow.otel import instrument, uninstrument
from tests.commands import run
from tests.otel.conftest import Telemetry
from tests.paths import ROOT

OFF = """
import sys
from graflow import SQLiteChannel, task, workflow
import graflow.testing

@task
def works() -> int:
    return 1

with SQLiteChannel.temporary() as channel:
    with workflow("w", channel=channel) as wf:
        works()
    wf.execute()
print([name for name in sys.modules if name.startswith(("opentelemetry", "graflow.otel"))])
"""


@task
def works() -> int:
    """Be a task."""
    return 1


def test_off_imports_nothing() -> None:
    """Neither graflow nor a run of it asks whether OpenTelemetry is there."""
    assert run(sys.executable, "-c", OFF, cwd=ROOT).strip() == "[]"


def test_importing_the_switch_imports_nothing_of_opentelemetry() -> None:
    """So it can be imported where the extra is not installed."""
    code = "import sys, graflow.otel; print('opentelemetry' in sys.modules)"
    assert run(sys.executable, "-c", code, cwd=ROOT).strip() == "False"


def test_without_the_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """As every feature does that needs an extra."""
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.startswith("opentelemetry"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return real(name, *args, **kwargs)

    for name in [name for name in sys.modules if name.startswith("opentelemetry")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(builtins, "__import__", without)
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    with pytest.raises(ExtraMissingError, match=r"pip install opentelemetry-api, .* extra 'otel'"):
        instrument()
    assert FOLLOWING.follow is None


def test_a_second_call_changes_nothing(telemetry: Telemetry) -> None:
    """Whatever providers it names; nothing is told twice."""
    other = Telemetry()
    instrument(tracer_provider=other.tracers, meter_provider=other.meters)
    with workflow("w") as wf:
        works()
    wf.execute()
    assert len(telemetry.spans()) == 2
    assert other.spans() == []
    channel = MemoryChannel()
    assert fronted(channel.backend) is channel.backend


def test_any_number_of_threads_may_turn_it_on_and_off() -> None:
    """It ends as the last call has it."""
    told = Telemetry()

    def turn(number: int) -> None:
        instrument(tracer_provider=told.tracers, meter_provider=told.meters)
        uninstrument()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(turn, range(64)))
    assert (FOLLOWING.follow, FOLLOWING.receive) == (None, None)
    uninstrument()


def test_handles_of_before_count_no_more_when_it_is_off(telemetry: Telemetry) -> None:
    """Nor do those that are made afterwards."""
    with MemoryChannel() as channel:
        channel.set("key", 1)
        uninstrument()
        channel.set("key", 2)
        MemoryChannel().set("key", 3)
        assert channel.get("key") == 2
    assert telemetry.operations() == {"put": 1}


def test_it_can_be_turned_on_again(telemetry: Telemetry) -> None:
    """With other providers."""
    uninstrument()
    other = Telemetry()
    instrument(tracer_provider=other.tracers, meter_provider=other.meters)
    with workflow("w") as wf:
        works()
    wf.execute()
    assert telemetry.spans() == []
    assert len(other.spans()) == 2


def test_the_entry_point_is_an_instrumentor(telemetry: Telemetry) -> None:
    """`opentelemetry-instrument` finds it, and calls these methods of an object that it makes."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    named = project["entry-points"]["opentelemetry_instrumentor"]["graflow"]
    instrumentor = EntryPoint("graflow", named, "opentelemetry_instrumentor").load()()
    instrumentor.uninstrument()
    other = Telemetry()
    assert instrumentor.instrumentation_dependencies() == ()
    instrumentor.instrument(
        tracer_provider=other.tracers, meter_provider=other.meters, skip_dep_check=True
    )
    with workflow("w") as wf:
        works()
    wf.execute()
    instrumentor.uninstrument()
    assert len(other.spans()) == 2
