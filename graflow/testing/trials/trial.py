"""A trial: steps on a real backend, each compared with its expected outcome."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from copy import deepcopy
from itertools import count
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

from graflow.channels.base import Channel
from graflow.channels.locks.lock import ChannelLock
from graflow.channels.operation.entry import Entry
from graflow.channels.overlay.pending import known
from graflow.exceptions import ChannelError, OutcomeUnknownError
from graflow.testing.harness import Harness
from graflow.testing.trials.broken import Broken
from graflow.testing.trials.causes import cause_of, cause_of_difference, shown_error
from graflow.testing.trials.equality import same, scribble
from graflow.testing.trials.gone import StoreGone, require_store
from graflow.testing.trials.model import Model
from graflow.testing.trials.script import ScriptLine, script
from graflow.testing.trials.steps import (
    Body,
    Etag,
    Expected,
    Found,
    Gave,
    Left,
    Raised,
    Refused,
    Step,
    Updater,
)
from graflow.testing.trials.timing import Timing

__all__ = ["PREFIX", "Broken", "Trial", "unique_prefix"]

PREFIX = f"conformance-{uuid4().hex[:8]}-"
"""The beginning of the names of all channels that this process makes."""

_numbers = count()


def unique_prefix() -> str:
    """Return a beginning for channel names that nothing else uses."""
    return f"{PREFIX}{next(_numbers)}/"


class Trial:
    """A script that is carried out on a backend, in channels of its own, which it clears.

    Whatever was stored or returned is scribbled over afterwards, as a caller may do with their own
    objects. So a backend that keeps or returns the very object is caught at the next look.
    """

    def __init__(self, harness: Harness, clause: str, model: Model | None = None) -> None:
        """Begin an empty script.

        Args:
            harness: The means to reach the backend.
            clause: What is tested, for the message.
            model: Gives the required outcome of steps that come without one.
        """
        self.model = Model() if model is None else model
        self.harness = harness
        self._clause = clause
        self._prefix = unique_prefix()
        self._handles: dict[tuple[str, int], Channel] = {}
        self._lines: list[ScriptLine] = []
        self._looks = 0
        self._is_looking = False
        self._is_gone = False
        self._locks: list[tuple[Step, ChannelLock]] = []
        self._lent: list[Any] = []
        self._etags: list[str] = []
        self._timing = Timing(harness, self.model)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            if isinstance(error, Exception) and not isinstance(error, Broken):
                self._raise_broken_by(error)
        finally:
            try:
                self.close()
            except Broken:
                if error is None:
                    raise

    def close(self) -> None:
        """Release all locks, and remove what was stored, unless the store is gone.

        Raises:
            Broken: The backend raised an error.
        """
        try:
            if not self._is_gone:
                self._clear()
        except Exception as error:  # noqa: BLE001 - whatever it is, it was not expected
            self._raise_broken_by(error)
        finally:
            self._locks.clear()
            self._handles.clear()

    def _clear(self) -> None:
        while self._locks:
            with suppress(ChannelError):  # it may be lost
                self._locks.pop()[1].__exit__(None, None, None)
        for (name, number), channel in self._handles.items():
            if number == 0 or (name, 0) not in self._handles:
                channel.clear()
        for channel in self._handles.values():
            channel.close()

    def _raise_broken_by(self, error: Exception) -> None:
        """Raise an error that no step was expected to raise, with the clause and the script.

        Raises:
            Broken: Always.
            StoreGone: The error says that the store is gone, and it is.
        """
        self._require_store(error)
        code = script(self._lines, self.harness.preamble, is_whole=False)
        outcome = f"it raised {shown_error(error)}"
        raise Broken.of(self._clause, code, outcome, self._cause(error), is_error=True) from error

    def _cause(self, error: BaseException) -> str:
        steps = [line.content for line in self._lines if isinstance(line.content, Step)]
        keys = (key for step in steps for key in _keys_of(step))
        return cause_of(error, keys, [self._prefix + name for name, _ in self._handles])

    def _require_store(self, error: BaseException) -> None:
        try:
            require_store(self.harness, self.name("probe"), error)
        except StoreGone:
            self._is_gone = True
            raise

    def check(self, step: Step, expected: Expected | None = None) -> None:
        """Carry out a step, and compare its outcome.

        Args:
            step: The step.
            expected: The required outcome; by default that of the model. The model takes the step
                in either case.

        Raises:
            Broken: The outcome is different.
        """
        step = self._timing.scaled(step)
        self._timing.settle()
        modelled = self.model.apply(step)
        expected = self._timing.scaled_outcome(expected) if expected is not None else modelled
        found = self.perform(step)
        if not self.agrees(step, expected, found):
            self._fail(step, expected, found)
        scribble([*self._lent, found.value if isinstance(found, Gave) else None])

    def attempt(self, step: Step) -> None:
        """Carry out a step as `check` does, but let an `OutcomeUnknownError` through.

        Raises:
            OutcomeUnknownError: The step may have happened or not. The model took it.
        """
        try:
            self.check(step)
        except Broken as broken:
            if isinstance(broken.__cause__, OutcomeUnknownError):
                raise broken.__cause__ from None
            raise

    def look(self, channels: Iterable[str], missing: Iterable[str] = (), handle: int = 1) -> None:
        """Compare all keys, values and times to live of these channels with the model's.

        Args:
            channels: Their names.
            missing: Keys that must not exist unless the model has them.
            handle: The number of the handle that looks.

        Raises:
            Broken: They differ.
        """
        self._is_looking = True
        self._looks += 1
        for name in channels:
            keys = sorted(self.model.live(name))
            asks = [Step("exists", (key,), {}, name, handle) for key in missing if key not in keys]
            # Alternate the order, as the first read may remove what has expired.
            for step in asks if self._looks % 2 else ():
                self.check(step)
            self.check(Step("keys", (), {}, name, handle))
            if keys:
                self.check(Step("get_many", (keys,), {}, name, handle))
            for key in keys:
                self.check(Step("get", (key, "a default"), {}, name, handle))
                self.check(Step("ttl", (key,), {}, name, handle))
            for step in () if self._looks % 2 else asks:
                self.check(step)
        self._is_looking = False

    def next_unlock(self) -> Step | None:
        """Return the step that leaves the body of the lock taken first; `None` without a lock.

        A thread that takes a lock again after losing it has two bodies to leave.
        """
        if not self._locks:
            return None
        step, _ = self._locks[0]
        return Step("unlock", step.args[:1], {}, step.channel, step.handle)

    def require(self, holds: bool, clause: str, error: BaseException | None = None) -> None:
        """Raise `Broken` unless a condition holds, for what no single step can show.

        Args:
            holds: Whether it holds.
            clause: The condition.
            error: What it does not hold because of, if that is an error.
        """
        if holds:
            return
        code = script(self._lines, self.harness.preamble, is_whole=False)
        outcome = f"the contract: {clause}"
        if error is None:
            raise Broken.of(self._clause, code, outcome)
        self._require_store(error)
        outcome = f"it raised {shown_error(error)}\n{outcome}"
        raise Broken.of(self._clause, code, outcome, self._cause(error), is_error=True) from error

    def note(self, line: str) -> None:
        """Add a line of code to the script."""
        self._lines.append(ScriptLine(line))

    def open(self, channel: str, handle: int = 0) -> Channel:
        """Return a handle on a channel; the same number gives the same handle."""
        found = self._handles.get((channel, handle))
        if found is None:
            found = self.harness.open(self._prefix + channel)
            self._handles[channel, handle] = found
        return found

    def name(self, channel: str) -> str:
        """Return the actual name of a channel."""
        return self._prefix + channel

    def advance(self, seconds: float) -> None:
        """Let time pass on the backend, without adding to the script."""
        names = dict.fromkeys(self._prefix + name for name, _ in self._handles)
        self._timing.advance(seconds, list(names))

    def pause(self, seconds: float) -> None:
        """Let threads that were begun go on for a moment; nothing may depend on its length."""
        time.sleep(seconds)

    def perform(self, step: Step) -> Found:
        """Carry out a step, and return what comes of it."""
        self._lines.append(ScriptLine(step, self._is_looking))
        self.harness.tally.operations += 1
        try:
            if step.operation == "advance":
                self.advance(*step.args)
                return Gave()
            return Gave(self._call(self.open(step.channel, step.handle), step))
        except Exception as error:  # noqa: BLE001 - compared, whatever it is
            return Raised(error)

    def agrees(self, step: Step, expected: Expected, found: Found) -> bool:
        """Tell whether what came of a step is what must come of it."""
        if isinstance(expected, Refused):
            return isinstance(found, Raised) and self._is_that_error(step, expected, found.error)
        if isinstance(found, Raised):
            return False
        if step.operation == "transact" and isinstance(found.value, list):
            (body, *_) = step.args
            return len(expected.value) == len(found.value) and all(
                self.agrees(inner, Gave(value), Gave(result))
                for inner, value, result in zip(
                    body.steps, expected.value, found.value, strict=True
                )
            )
        if step.operation == "entry" and isinstance(found.value, Entry):
            value, left = expected.value
            return same(value, found.value.value) and self._is_ttl(left, found.value.ttl)
        if isinstance(expected.value, Left):
            return self._is_ttl(expected.value, found.value)
        if step.operation == "get_many" and isinstance(found.value, dict):
            return same(sorted(expected.value.items()), sorted(found.value.items()))
        return same(expected.value, found.value)

    def _is_ttl(self, expected: Left | None, found: object) -> bool:
        if expected is None:
            return found is None
        return self._timing.is_left(expected.seconds, found)

    def _call(self, channel: Channel, step: Step) -> Any:
        if step.operation == "lock":
            lock = channel.lock(*step.args, **step.options)
            lock.__enter__()
            self._locks.append((step, lock))
            return None
        if step.operation == "unlock":
            return self._locks.pop(0)[1].__exit__(None, None, None)
        if step.operation == "contains":
            return step.args[0] in channel
        arguments = [self._argument(each) for each in step.args]
        options = {name: self._argument(value) for name, value in step.options.items()}
        self._lent = [*arguments, *options.values()]
        result = getattr(channel, step.operation)(*arguments, **options)
        if step.operation == "keys" and isinstance(result, list):
            return sorted(result)
        if step.operation == "entry" and isinstance(result, Entry):
            self._etags.append(result.etag)
        if step.operation == "transact" and isinstance(result, list):
            return list(map(known, result))
        return result

    def _argument(self, value: Any) -> Any:
        if isinstance(value, Updater):
            return self._function(value)
        if isinstance(value, Body):
            return self._transaction(value)
        return self._etags[-value.back] if isinstance(value, Etag) else deepcopy(value)

    def _transaction(self, body: Body) -> Callable[[Channel], list[Any]]:
        calls = count()

        def function(tx: Channel) -> list[Any]:
            results, entries = [], len(self._etags)
            try:
                for step in body.steps:
                    result = self._call(tx, step)
                    results.append(_copied(result))
                    scribble([*self._lent, result])
                if body.fails:
                    raise LookupError("as planned")
            finally:
                del self._etags[entries:]
                if next(calls) == 0 and body.meanwhile is not None:
                    other = body.meanwhile
                    with suppress(ChannelError):
                        self._call(self.open(other.channel, other.handle), other)
            return results

        return function

    def _function(self, updater: Updater) -> Callable[[Any], Any]:
        calls = count()

        def function(value: Any) -> Any:
            if next(calls) == 0 and updater.meanwhile is not None:
                other = updater.meanwhile
                self._call(self.open(other.channel, other.handle), other)
            return updater.apply(value)

        return function

    def _is_that_error(self, step: Step, expected: Refused, error: BaseException) -> bool:
        if not isinstance(error, expected.kind) or expected.says not in str(error):
            return False
        if not expected.names_key:
            return True
        return getattr(error, "channel", None) == self.name(step.channel) and (
            getattr(error, "key", None) in _keys_of(step)
        )

    def _fail(self, step: Step, expected: Expected, found: Found) -> None:
        if isinstance(found, Raised):
            self._require_store(found.error)
            shown, raised = f"raised {shown_error(found.error)}", found.error
            cause = self._cause(raised)
        else:
            shown, raised = str(found).replace("returns", "returned", 1), None
            cause = cause_of_difference(step.operation, shown, str(expected))
        is_whole = self._timing.is_real or not self._breaks_again(step, expected)
        code = script(self._lines, self.harness.preamble, is_whole=is_whole)
        outcome = f"it {shown}\nthe contract: it {expected}"
        raise Broken.of(self._clause, code, outcome, cause, is_error=raised is not None) from raised

    def _breaks_again(self, last: Step, expected: Expected) -> bool:
        """Tell whether the steps alone reproduce the failure, without the looks between them."""
        lines = [line for line in self._lines[:-1] if not line.is_look]
        with Trial(self.harness, self._clause) as again:
            for line in lines:
                if isinstance(line.content, Step):
                    again.perform(line.content)
            return not again.agrees(last, expected, again.perform(last))


def _copied(result: Any) -> Any:
    """Return a result that the caller keeps; a number may be one that is looked up later."""
    return deepcopy(result) if isinstance(result, list | dict | set | tuple) else result


def _keys_of(step: Step) -> list[Any]:
    """Return the keys that an error about this step may name."""
    if step.operation == "transact":
        (body, *_) = step.args
        return [key for inner in body.steps for key in _keys_of(inner)]
    first = step.args[0] if step.args else None
    return list(first) if isinstance(first, dict | list) else [first]
