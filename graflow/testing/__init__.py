"""Tools for tests: runs of workflows, clocks and crashes; and the suite for backends of channels.

For tests of workflows there are `run_workflow`, `Clock` and `crash_after`, which need no other
library. The conformance suite proves that a backend keeps the contract of channels: with pytest,
derive from `ChannelConformance`; without it, call `run`. Both need Hypothesis. The check of
histories, `graflow.testing.linearizability`, only needs the standard library.
"""

from __future__ import annotations

import importlib
import typing

from graflow.system.crashes import Crash
from graflow.testing.extra import of_the_extra
from graflow.testing.harness import Capabilities, Capability, Harness
from graflow.testing.proxy import Fault, LossyProxy
from graflow.testing.runs.clock import Clock
from graflow.testing.runs.crashing import crash_after, crash_before
from graflow.testing.runs.running import arun_workflow, run_workflow
from graflow.testing.runs.workflow_run import WorkflowRun

if typing.TYPE_CHECKING:
    from graflow.testing.budget import Budget
    from graflow.testing.conformance import ChannelConformance
    from graflow.testing.runner import run

__all__ = [
    "Budget",
    "Capabilities",
    "Capability",
    "ChannelConformance",
    "Clock",
    "Crash",
    "Fault",
    "Harness",
    "LossyProxy",
    "WorkflowRun",
    "arun_workflow",
    "crash_after",
    "crash_before",
    "run",
    "run_workflow",
]

_PLACES = {"Budget": "budget", "ChannelConformance": "conformance", "run": "runner"}


def __getattr__(name: str) -> typing.Any:
    """Import what needs Hypothesis or pytest when it is first used.

    Raises:
        ExtraMissingError: A library is not installed.
    """
    if name not in _PLACES:
        raise AttributeError(f"module 'graflow.testing' has no attribute {name!r}")
    with of_the_extra(f"graflow.testing.{name}"):
        module = importlib.import_module(f"graflow.testing.{_PLACES[name]}")
    return getattr(module, name)
