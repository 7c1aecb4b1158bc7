"""News: whoever waits misses nothing, after a restart of the store and among many who wait."""

from __future__ import annotations

from collections import Counter
from functools import partial

from graflow.channels.base import Channel
from graflow.channels.watching.changes import KeyChange
from graflow.testing.budget import Budget
from graflow.testing.edges.holders.contenders import begin_in_thread
from graflow.testing.harness import Capabilities, Harness
from graflow.testing.properties.means import require_restart
from graflow.testing.trials.trial import Trial

__all__ = ["check_restart", "check_takers"]

_NOTHING_LOST = "Nothing is lost for good"
_ONCE = "Each item is taken once"
_LONG = 60.0  # seconds, for what a busy machine takes


def check_restart(harness: Harness, capabilities: Capabilities, budget: Budget) -> None:
    """Watch, wait and read, restart, and change something; all have to be told."""
    with Trial(harness, _NOTHING_LOST) as trial:
        watching, waiting, other = (trial.open("job", handle) for handle in range(3))
        other.set_many({"kept": 1, "key": 1})
        with watching.watch(start=False) as watch:
            trial.note("# a watches, b waits for 2 under 'key'; a restart; c.set('key', 2)")
            told: list[KeyChange] = []
            found: list[object] = []
            told_join = begin_in_thread(lambda: told.append(next(watch)))
            found_join = begin_in_thread(
                lambda: found.append(waiting.wait_for("key", lambda value: value == 2))
            )
            reader = trial.open("job", 3)
            reader.get("key")  # a cache would keep it
            trial.pause(0.05)
            require_restart(harness)
            other.set("key", 2)
            for join in (told_join, found_join):
                error = join()
                trial.require(error is None, f"{_NOTHING_LOST}; it gave {error!r}", error)
            trial.require(told[0][:2] == ("key", "set"), f"'key' was set; it told {told[0]}")
            trial.require(found == [2], f"it waited for 2; it gave {found}")
            error = begin_in_thread(lambda: _until_read(trial, reader))()
            trial.require(error is None, "what is read is not older than what is told", error)


def _until_read(trial: Trial, channel: Channel) -> None:
    while channel.get("key") != 2:
        trial.pause(0.01)


def check_takers(harness: Harness, capabilities: Capabilities, budget: Budget) -> None:
    """Let many take items, each with another patience, while others are added."""
    takers, items = 4, max(20, budget.examples // 2)
    with Trial(harness, _ONCE) as trial:
        trial.note(f"# {takers} handles pop with short timeouts, while {items} items are appended")
        source, taken = trial.open("job", takers), Counter[int]()

        def take(handle: int) -> None:
            channel = trial.open("job", handle)
            while (item := channel.pop("key", None, 0.002 * (1 + handle))) != "end":
                if item is not None:
                    taken[item] += 1

        for handle in range(takers):
            trial.open("job", handle)
        joins = [begin_in_thread(partial(take, handle), _LONG) for handle in range(takers)]
        for number in range(items):
            source.append("key", number)
            if number % 3 == 0:
                trial.pause(0.002)
        for _ in range(takers):
            source.append("key", "end")
        for error in [join() for join in joins]:
            trial.require(error is None, f"all get their items; it gave {error!r}", error)
        trial.require(
            taken == Counter(range(items)),
            f"{_ONCE}; missing or taken again: {dict(taken - Counter(range(items)))}, "
            f"{dict(Counter(range(items)) - taken)}",
        )
