"""Which pieces of source are worth to be looked at: a quick look at their text, without a tree."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["Interest"]

# Each choice begins with a letter, and looks behind it afterwards: `re` finds it quickly then.
_ONE_ARGUMENT = (
    # Text with a bracket in it, or with three quotes, may look like the end of the call.
    rb"""\s*\((?:[^,()*#'"]|"[^"\\()\n]+"|'[^'\\()\n]+'|\([^()#'"]*\))*\)"""
)
_NAMES = (
    rb"get_(?:result|channel)|_channel\(|Channel\b|ExecutionContext\b|initial_channel"
    rb"|task(?:_id|(?<!\wtask)\b)"
)
_OPERATIONS = (
    # A channel takes more than the one simple argument of `list.append` and `set.update`.
    rb"(?:set|append|prepend|update)\b(?!" + _ONE_ARGUMENT + rb")"
    rb"|(?:atomic_add|set_many|set_all|get_many|get_list|execute)\s*\("
)
_CHANGES_OF = rb"\.\s*(?:%(name)b)\s*[+%%]?=[^=]|\b(?:%(name)b)\s+as\b"
_READS = rb"\.\s*(?:get|pop|ttl)\s*\(|\*\*|getattr\b"
_FOR_A_FILE = re.compile(rb"%b|\.\s*(?:%b)" % (_NAMES, _OPERATIONS))
_FOR_A_FUNCTION = re.compile(_FOR_A_FILE.pattern + rb"|" + _READS)


class Interest:
    """What makes a piece of source worth a look: what always does, and some names of a program.

    Attributes:
        aliases: Full names that stand for the decorator `task`.
        mappings: Names of mappings of which it matters who may add items.
    """

    def __init__(
        self,
        aliases: Iterable[str] = (),
        constants: Iterable[str] = (),
        mappings: Iterable[str] = (),
    ) -> None:
        """Take the names.

        Args:
            aliases: Full names that stand for the decorator `task`.
            constants: Names of constants of which it matters who changes them.
            mappings: Names of mappings of which it matters who may add items.
        """
        self.aliases = frozenset(aliases)
        self.mappings = frozenset(mappings)
        words = {each.rpartition(".")[2] for each in self.aliases} | self.mappings
        patterns = [rb"\b(?:%b)\b" % _one_of(words)] if words else []
        if constants := frozenset(constants):
            patterns.append(_CHANGES_OF % {b"name": _one_of(constants)})
        self._names = re.compile(b"|".join(patterns)) if patterns else None

    def is_quiet(self, source: bytes) -> bool:
        """Tell whether a file surely uses no key and no task, whatever it defines for others."""
        return _FOR_A_FILE.search(source) is None and not self.is_named_in(source)

    def is_dull(self, source: bytes) -> bool:
        """Tell whether a function surely uses no key and no task, in a file that does."""
        return _FOR_A_FUNCTION.search(source) is None and not self.is_named_in(source)

    def is_named_in(self, source: bytes) -> bool:
        """Tell whether one of the names is in a piece of source, or may be changed there."""
        return self._names is not None and self._names.search(source) is not None


def _one_of(names: Iterable[str]) -> bytes:
    return "|".join(map(re.escape, sorted(names))).encode()
