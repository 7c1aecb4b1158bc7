"""Durability: values outlive the server, and an operation whose reply is lost happens once."""

from __future__ import annotations

from contextlib import suppress

from graflow.channels.base import Channel
from graflow.exceptions import ChannelError, OutcomeUnknownError
from graflow.testing.budget import Budget
from graflow.testing.harness import Capabilities, Harness
from graflow.testing.properties.means import Losses, require_restart
from graflow.testing.properties.refusal import refuse
from graflow.testing.trials.equality import same
from graflow.testing.trials.model import Model
from graflow.testing.trials.steps import Body, Gave, Step, Updater, do
from graflow.testing.trials.trial import Trial

__all__ = ["check_durability", "check_lost_replies"]

_ONCE = "One whose reply got lost is retried ... at most so that it still happens once"


def _tx(*steps: Step) -> Step:
    return do("transact", Body(steps))


_WRITES: list[tuple[Step | None, Step]] = [
    (None, do("set", "key", 1)),
    (do("set", "key", [1], ttl=150), do("set", "key", {"a": (1,)})),
    (None, do("append", "key", "a")),
    (do("set", "key", [1]), do("append", "key", "b")),
    (do("set", "key", [1]), do("append", "key", "b", ttl=150)),
    (do("set", "key", []), do("append", "key", "b")),
    (do("set", "key", [1]), do("prepend", "key", "c")),
    (do("set", "key", [1, 2, 3]), do("pop", "key")),
    (do("set", "key", [1]), do("pop", "key", "default")),
    (None, do("atomic_add", "key", 5)),
    (do("set", "key", 1), do("atomic_add", "key", 5)),
    (do("set", "key", 1.5), do("atomic_add", "key", 0.25)),
    (do("set", "key", 2**70), do("atomic_add", "key", 1)),
    (do("set", "key", 1), do("update", "key", Updater("lambda value: value + 1"))),
    (do("set", "key", [1]), do("update", "key", Updater("lambda value: value + [2]"))),
    (do("set", "key", 1), do("delete", "key")),
    (do("set", "key", 1), do("set_many", {"key": 2, "other": [3]})),
    (do("set_many", {"key": 1, "other": 2}), do("clear")),
    (None, do("add", "key", 1)),
    (do("set", "key", 1), do("touch", "key", 150)),
    (do("set", "key", [1], ttl=150), do("persist", "key")),
    (
        do("set_many", {"key": 1, "list": [1, 2]}),
        _tx(do("get", "key"), do("atomic_add", "key", 1), do("append", "list", 3)),
    ),
    (
        do("set_many", {"key": 1, "list": [1, 2]}),
        _tx(do("atomic_add", "key", 1), do("append", "list", 3), do("atomic_add", "new", 0.5)),
    ),
    (
        do("set", "list", [1, 2]),
        _tx(do("pop", "list"), do("prepend", "list", 3), do("set", "key", [4], ttl=150)),
    ),
    (do("set_many", {"key": 1, "list": [1]}), _tx(do("keys"), do("clear"), do("set", "new", 1))),
]


def check_durability(harness: Harness, capabilities: Capabilities, budget: Budget) -> None:
    """Restart whatever stores the channel, and look."""
    with Trial(harness, "what was stored outlives the end of its server") as trial:
        for step in (
            do("set", "value", {"a": [(1,), {2.5}]}),
            do("set", "empty", []),
            do("append", "list", 1),
            do("append", "list", None),
            do("atomic_add", "sum", 2**70),
            do("set", "gone", 1),
            do("delete", "gone"),
            do("set_many", {"x": 1, "y": [2]}),
        ):
            trial.check(step)
        if "ttl" not in capabilities.unsupported:
            trial.check(do("set", "expires", 1, ttl=5_050))
            trial.check(do("append", "list", 2, ttl=5_050))
        trial.note("# a restart")
        require_restart(harness)
        trial.look(["job"], handle=0)
        trial.look(["job"], handle=7)
        trial.check(do("append", "list", 3))
        trial.check(do("atomic_add", "sum", 1))
        trial.look(["job"])


def check_lost_replies(harness: Harness, capabilities: Capabilities, budget: Budget) -> None:
    """Lose the reply to each kind of write: it happens once, or an error says that it may have."""
    losses = Losses(harness)
    try:
        _lose_each(harness, capabilities)
    finally:
        losses.count()


def _lose_each(harness: Harness, capabilities: Capabilities) -> None:
    has_ttl = "ttl" not in capabilities.unsupported
    for before, write in _WRITES:
        steps = [step for step in (before, write) if step is not None]
        if has_ttl or not any("ttl" in step.options for step in steps):
            _lose(harness, before, write)
    _lose_if_there_is_one(harness, do("set", "key", 1), do("add", "key", 2))
    if "lock" not in capabilities.unsupported:
        _lose_lock(harness)


def _lose_if_there_is_one(harness: Harness, before: Step, refused: Step) -> None:
    """Try a write that changes nothing: it need not be one for whoever loses replies."""
    _lose(harness, before, refused, is_write=False)
    with Trial(harness, _ONCE) as trial, suppress(OutcomeUnknownError):
        trial.attempt(do("set", "key", 1))  # whose reply may get lost instead


def _lose(harness: Harness, before: Step | None, write: Step, *, is_write: bool = True) -> None:
    with Trial(harness, _ONCE) as trial:
        if before is not None:
            trial.check(before.on("job", 1))
        trial.note("# the next reply gets lost")
        losses = Losses(harness)
        losses.cut_reply()
        try:
            trial.attempt(write)
        except OutcomeUnknownError:
            _require_one_of_two(trial, before, write)
        else:
            trial.look(["job"])
        if is_write:
            losses.require(1, write.source("a"))


def _require_one_of_two(trial: Trial, before: Step | None, write: Step) -> None:
    """Require that a write with an unknown outcome happened once or not at all."""
    outcomes = []
    for happened in (False, True):
        model = Model()
        for step in (before, write if happened else None):
            if step is not None:
                model.apply(step)
        keys = model.apply(do("keys"))
        assert isinstance(keys, Gave)
        outcomes.append(model.apply(do("get_many", keys.value)))
    channel = trial.open("job", 1)
    found = Gave(_all(channel))
    trial.require(
        any(same(found.value, each.value) for each in outcomes if isinstance(each, Gave)),
        f"it happened once or not at all; now the channel holds {found.value!r}",
    )


def _all(channel: Channel) -> dict[str, object]:
    return dict(sorted(channel.get_many(sorted(channel.keys())).items()))


def _lose_lock(harness: Harness) -> None:
    with Trial(harness, _ONCE) as trial:
        trial.note(
            "# with a.lock('key', timeout=0), where the first reply gets lost, then the last"
        )
        losses = Losses(harness)
        losses.cut_reply()
        try:
            with trial.open("job").lock("key", timeout=0):
                losses.require(1, "a lock that is taken")
                losses.cut_reply()
            losses.require(2, "a lock that is taken and released")
            with trial.open("job", 1).lock("key", timeout=0):
                pass
        except ChannelError as error:
            clause = "a lock is taken once, and is free when it was released"
            refuse(trial, f"it raised {error!r}", clause, error)
