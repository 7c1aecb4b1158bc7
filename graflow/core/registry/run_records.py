"""Records of runs in the channel that they share, and the list of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from graflow.channels.backend import Backend
from graflow.channels.base import Channel
from graflow.channels.codec.codec import decode, encode_item
from graflow.channels.commits.commit import Held
from graflow.channels.hidden_keys import kept_key, run_of
from graflow.core.history.run_history import RunStateName
from graflow.core.state.results import is_result
from graflow.exceptions import ChannelDataError, ChannelTypeError

__all__ = [
    "RunInfo",
    "RunRecord",
    "alive_key",
    "fence_key",
    "run_ids",
    "run_key",
    "runs",
    "state_of",
    "unpacked",
]

_RUN: Final = kept_key("run", "")
_AT_ONCE = 1_000  # runs that are looked at in one step


@dataclass(frozen=True)
class RunInfo:
    """A run, as its channel knows it; `graflow.runs` lists them.

    Attributes:
        run_id: The id of the run.
        workflow: The name of the workflow.
        state: `running`; `finished`; `failed`, if a task failed or the run was interrupted; or
            `dead`, if it has not ended and its process has not been heard of for 30 s.
        begun: When it began, on the clock of its machine, in UTC.
        ended: When it ended; `None` if it has not.
        tasks_done: The number of tasks that have stored a result.
        last_error: What ended it, as text of at most 2,000 characters; `None` if nothing did.
        checkpoint: The path of its checkpoint, from which it can be resumed; `None` if there is
            none.
    """

    run_id: str
    workflow: str
    state: RunStateName
    begun: datetime
    ended: datetime | None
    tasks_done: int
    last_error: str | None
    checkpoint: str | None


@dataclass(frozen=True)
class RunRecord:
    """What is stored of a run.

    Attributes:
        workflow: The name of the workflow.
        number: How often it was begun or taken over; the fence of its writes.
        state: What has become of it, as far as the process knew that ran it.
        begun: When it began.
        ended: When it ended.
        error: What ended it.
        checkpoint: The path of its checkpoint.
        alone: Whether no other run uses the channel, so that results have no keys of the run.
        started: Whether tasks may have run.
    """

    workflow: str
    number: int
    state: str
    begun: datetime
    ended: datetime | None = None
    error: str | None = None
    checkpoint: str | None = None
    alone: bool = False
    started: bool = True

    def packed(self) -> bytes:
        """Return what a channel stores."""
        return encode_item(vars(self))


def run_key(run_id: str) -> str:
    """Return the key of a run's record."""
    return _RUN + run_id


def fence_key(run_id: str) -> str:
    """Return the key of the number that whoever writes for a run must have."""
    return kept_key("fence", run_id)


def alive_key(run_id: str) -> str:
    """Return the key that is there while a run's process lives."""
    return kept_key("alive", run_id)


def unpacked(held: Held | None) -> RunRecord | None:
    """Return a record of a run that was read, if it is there.

    Raises:
        ChannelDataError: It is not one of ours.
    """
    if held is None:
        return None
    try:
        return RunRecord(**decode(held.record))
    except TypeError as error:
        raise ChannelDataError(f"the record of a run can't be read: {error}") from error


def runs(channel: Channel) -> list[RunInfo]:
    """List the runs of workflows on a channel: those under way, and those of late.

    A run that has ended stays in the list as long as its results, which `execute(keep=...)` says.

    Args:
        channel: Any channel that workflows were given. A run on a channel in memory of its own is
            listed nowhere.

    Returns:
        The runs in the order in which they began.
    """
    if not isinstance(channel, Channel):
        raise ChannelTypeError(f"runs takes a Channel, not {type(channel).__name__}")
    backend = channel.backend
    ids = run_ids(channel)
    done = Counter(run_of(key) for some in backend.scan() for key in some if is_result(key))
    found: list[RunInfo] = []
    for first in range(0, len(ids), _AT_ONCE):
        found += _infos(backend, ids[first : first + _AT_ONCE], done)
    return sorted(found, key=lambda info: (info.begun, info.run_id))


def run_ids(channel: Channel) -> list[str]:
    """Return the ids of the runs that a channel knows of, in no particular order."""
    return [
        key.removeprefix(_RUN) for some in channel.backend.scan(_RUN, kept=True) for key in some
    ]


def _infos(backend: Backend, ids: Sequence[str], done: Counter[str]) -> list[RunInfo]:
    keys = [run_key(run_id) for run_id in ids] + [alive_key(run_id) for run_id in ids]
    held = backend.read(keys)
    found = []
    for run_id, record, alive in zip(ids, held, held[len(ids) :], strict=False):
        known = unpacked(record)
        if known is not None:
            found.append(_info(run_id, known, alive is not None, done))
    return found


def state_of(record: RunRecord, *, is_alive: bool) -> RunStateName:
    """Return the state of a run, given whether its process has been heard of lately."""
    state: Any = record.state
    return "dead" if state == "running" and not is_alive else state


def _info(run_id: str, record: RunRecord, is_alive: bool, done: Counter[str]) -> RunInfo:
    return RunInfo(
        run_id,
        record.workflow,
        state_of(record, is_alive=is_alive),
        record.begun,
        record.ended,
        done["" if record.alone else run_id],
        record.error,
        record.checkpoint,
    )
