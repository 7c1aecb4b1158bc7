"""Interest: a quick look at a source text, which tells whether it is worth parsing."""

from __future__ import annotations

import re
from collections.abc import Collection

__all__ = ["Interest"]

# Each choice begins with a letter, and looks behind it afterwards: `re` finds it quickly then.
_ONE_ARGUMENT = (
    # Text with a bracket in it, or with three quotes, may look like the end of the call.
    rb"""\s*\((?:[^,()*#'"]|"[^"\\()\n]+"|'[^'\\()\n]+'|\([^()#'"]*\))*\)"""
)
_NAMES = (
    rb"get_(?:result|channel)|_channel\(|Channel\b|ExecutionContext\b|initial_channel"
    rb"|transact\b|Transaction\b"
    rb"|task(?:_id|(?<!\wtask)\b)|start_node\b|checkpoint\s*="
)
_OPERATIONS = (
    # A channel takes more than the one simple argument of `list.append` and `set.update`.
    rb"(?:set|add|append|prepend|update)\b(?!" + _ONE_ARGUMENT + rb")"
    rb"|(?:atomic_add|set_many|set_all|get_many|get_list|a?execute|a?stream|a?resume)\s*\("
    rb"|a?run\s*\(\s*\*\*"
)
_READS = rb"\.\s*(?:get|pop|ttl|entry|touch|persist|typed|keyed|exists|delete)\s*\(|\*\*|getattr\b"
_FOR_A_FILE = re.compile(rb"%b|\.\s*(?:%b)" % (_NAMES, _OPERATIONS))
_FOR_A_FUNCTION = re.compile(_FOR_A_FILE.pattern + rb"|" + _READS)
_LETTER = rb"[\w\x80-\xff]"  # what is not ASCII may be one
_ASSIGNED = re.compile(rb"\.\s*(%b+)\s*[+%%]?=(?!=)" % _LETTER)


class Interest:
    """The words that make a piece of source worth parsing: fixed ones, and names of the program.

    Attributes:
        aliases: Full names that stand for the decorator `task`.
        mappings: Names of mappings of which it matters who may add items.
        names: All names, as the arguments have them.
    """

    def __init__(
        self,
        aliases: Collection[str] = (),
        constants: Collection[str] = (),
        mappings: Collection[str] = (),
    ) -> None:
        """Take the names.

        Args:
            aliases: Full names that stand for the decorator `task`.
            constants: Names of constants of which it matters who changes them.
            mappings: Names of mappings of which it matters who may add items.
        """
        self.aliases = frozenset(aliases)
        self.mappings = frozenset(mappings)
        self.names = [sorted(aliases), sorted(constants), sorted(mappings)]
        self._constants = {each.encode() for each in constants}
        words = {each.rpartition(".")[2] for each in self.aliases} | self.mappings
        one_of = "|".join(map(re.escape, sorted(words))).encode()
        whole = rb"(?<!%b)(?:%b)(?!%b)" % (_LETTER, one_of, _LETTER)
        self._words = re.compile(whole) if words else None

    def is_quiet(self, source: bytes) -> bool:
        """Tell whether a file certainly uses neither keys nor tasks, whatever it defines."""
        return _FOR_A_FILE.search(source) is None and not self.is_named_in(source)

    def is_dull(self, source: bytes) -> bool:
        """Tell whether a function certainly uses neither keys nor tasks, in a file that does."""
        return _FOR_A_FUNCTION.search(source) is None and not self.is_named_in(source)

    def is_named_in(self, source: bytes) -> bool:
        """Tell whether one of the names is in a piece of source, or may be changed there."""
        if self._words is not None and self._words.search(source):
            return True
        return bool(self._constants) and not self._constants.isdisjoint(_ASSIGNED.findall(source))
