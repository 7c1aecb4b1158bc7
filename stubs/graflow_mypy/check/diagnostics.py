"""Diagnostics: mistakes in calls, and notes on calls that can't be judged."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from graflow_mypy.messages import UNJUDGED
from graflow_mypy.program.blind_spots import BlindSpot
from graflow_mypy.source.notes import CallSite

__all__ = ["IDS", "KEYS", "PARAMETERS", "Diagnostic", "Unjudged"]

IDS = "unknown task ids"
KEYS = "unknown keys"
PARAMETERS = "channels that come in as parameters"
"""What may go unjudged, as a plural."""

_MOST_NAMES = 3


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """A mistake in a call.

    Attributes:
        module: The module of the call.
        site: Where the call is in that module.
        code: The code.
        message: The message.
    """

    module: str
    site: CallSite
    code: str
    message: str


class _Hidden(NamedTuple):
    """A call that would be reported, were it not for the blind spots."""

    path: str
    line: int
    name: str
    module: str
    site: CallSite
    spots: tuple[BlindSpot, ...]


class Unjudged:
    """Calls that nothing is said about, since a line somewhere leaves room for doubt.

    There is one note of a kind, at the first of those calls.
    """

    def __init__(
        self, shown: Callable[[str], str], off: Collection[str], *, is_for_each_folder: bool
    ) -> None:
        """Begin with none.

        Args:
            shown: Returns what messages call the file of a module.
            off: Codes that would not be reported anyway.
            is_for_each_folder: Whether each top folder gets a note of its own, as it isn't known
                which of them mypy is asked to check.
        """
        self._shown = shown
        self._off = off
        self._is_for_each_folder = is_for_each_folder
        self._hidden: dict[tuple[str, str], list[_Hidden]] = {}

    def add(self, what: str, name: str, hidden: Diagnostic, spots: Sequence[BlindSpot]) -> None:
        """Add a call.

        Args:
            what: What is not judged: `IDS`, `KEYS` or `PARAMETERS`.
            name: The key or id that the call names; may be empty.
            hidden: What would be reported there.
            spots: The lines that are to blame.
        """
        if hidden.code in self._off:
            return
        path, site = self._shown(hidden.module), hidden.site
        top = path.rpartition("/")[0].partition("/")[0] if self._is_for_each_folder else ""
        call = _Hidden(path, site.line, name, hidden.module, site, tuple(spots))
        self._hidden.setdefault((what, top), []).append(call)

    def notes(self) -> Iterator[Diagnostic]:
        """Yield the notes."""
        for (what, _), hidden in self._hidden.items():
            first = min(hidden)
            message = f"graflow: {what} are not judged: {self._blame(hidden)}{_naming(hidden)}"
            yield Diagnostic(first.module, first.site, UNJUDGED, message)

    def _blame(self, hidden: Sequence[_Hidden]) -> str:
        found = {
            (self._shown(spot.module), spot.line, spot.does)
            for each in hidden
            for spot in each.spots
        }
        path, line, does = min(found)
        more = len({each[:2] for each in found}) - 1
        others = f" (as {more} more {'lines do' if more > 1 else 'line does'})" if more else ""
        return f"{path}:{line} {does}{others}"


def _naming(hidden: Sequence[_Hidden]) -> str:
    """Return the end of a message, which says what the names are that go unjudged."""
    names = [f'"{name}"' for name in sorted({each.name for each in hidden if each.name})]
    if not names:
        return ""
    more = len(names) - _MOST_NAMES
    end = f" or {more} more" if more > 0 else ""
    return f", perhaps {' or '.join(names[:_MOST_NAMES])}{end}"
