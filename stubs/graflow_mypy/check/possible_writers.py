"""Possible writers: the uses that may write a key, by name or by computing it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from graflow_mypy.program.patterns import Pattern, Patterns, text_of
from graflow_mypy.program.uses import Use

__all__ = ["PossibleWriters"]


class PossibleWriters:
    """The uses of a program that store something, to ask which of them may write a key."""

    def __init__(self, uses: Iterable[Use]) -> None:
        """Sort them by their keys.

        Args:
            uses: All uses; those that only read are left out.
        """
        self._by_text: dict[str, list[Use]] = {}
        self._by_pattern: dict[Pattern, list[Use]] = {}
        for use in uses:
            for key in use.keys if use.claim.writes else ():
                text = text_of(key)
                if text is None:
                    self._by_pattern.setdefault(key, []).append(use)
                else:
                    self._by_text.setdefault(text, []).append(use)
        self._matching = {key: Patterns([key]) for key in self._by_pattern}

    def of(self, key: Pattern) -> Iterator[Use]:
        """Yield the uses that may write a key, or one of the keys that a pattern stands for."""
        text = text_of(key)
        if text is None:
            wanted = Patterns([key])
            for each, uses in self._by_text.items():
                if wanted.match(each):
                    yield from uses
        else:
            yield from self._by_text.get(text, ())
        for pattern, matching in self._matching.items():
            if matching.may_match(key):
                yield from self._by_pattern[pattern]
