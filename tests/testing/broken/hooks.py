"""Backends that do something else than they are asked to, for the defects to derive from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from typing_extensions import override

from graflow.channels.backend import Answer, Change, Check, Conflict, Put
from graflow.channels.codec.codec import decode, encode
from graflow.channels.hidden_keys import KEPT
from tests.testing.dict_channel import DictBackend


class Hooked(DictBackend):
    """Does something else than it is asked to, where a user's key is to change."""

    def instead(self, change: Change) -> Iterable[Change]:
        """Return what is done in place of a change; one of them is of the same type."""
        return [change]

    def answered(self, change: Change, answer: Answer) -> Answer:
        """Return what is answered, and do more if there is more to do."""
        return answer

    @override
    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> list[Answer] | Conflict:
        with self.store.mutex:
            made = [self._instead(change) for change in changes]
            answers = super().commit(checks, [each for done in made for each in done])
            if isinstance(answers, Conflict):
                return answers
            found = []
            for change, done in zip(changes, made, strict=True):
                own = next(n for n, each in enumerate(done) if type(each) is type(change))
                mine = answers[own]
                del answers[: len(done)]
                hidden = change.key.startswith(KEPT)
                found.append(mine if hidden else self.answered(change, mine))
            return found

    def _instead(self, change: Change) -> list[Change]:
        return [change] if change.key.startswith(KEPT) else list(self.instead(change))

    def again(self, change: Change) -> None:
        """Make one more change, without hooks."""
        super().commit((), (change,))


def deep(value: Any, change: Callable[[Any], Any]) -> Any:
    """Return a value with every part of it changed."""
    if isinstance(value, list):
        return [deep(item, change) for item in value]
    if isinstance(value, dict):
        return {change(key): deep(item, change) for key, item in value.items()}
    changed = change(value)
    if isinstance(changed, tuple):
        return tuple(deep(item, change) for item in changed)
    return deep(changed, change) if isinstance(changed, list) else changed


class Changes(Hooked):
    """Changes parts of what it stores."""

    def change(self, part: Any) -> Any:
        """Return what is stored in place of a part of a value."""
        return part

    def whole(self, value: Any) -> Any:
        """Return what is stored in place of a whole value."""
        return deep(value, self.change)

    @override
    def instead(self, change: Change) -> Iterable[Change]:
        if isinstance(change, Put):
            change = change._replace(record=encode(self.whole(decode(change.record))))
        return [change]


class Checking(DictBackend):
    """Checks something else than it is asked to."""

    def instead(self, check: Check) -> bool | Check:
        """Return what is checked, or whether it holds."""
        return check

    @override
    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> list[Answer] | Conflict:
        with self.store.mutex:
            left = []
            for check in checks:
                other = check if str(check[0]).startswith(KEPT) else self.instead(check)
                if other is False:
                    return Conflict(str(check[0]))
                if other is not True:
                    left.append(other)
            return super().commit(left, changes)
