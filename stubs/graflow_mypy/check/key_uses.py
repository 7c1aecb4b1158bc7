"""Checks of the uses of keys."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from graflow_mypy.check.diagnostics import KEYS, Diagnostic, Unjudged
from graflow_mypy.check.differences import difference
from graflow_mypy.check.fitting import Fitting
from graflow_mypy.check.possible_writers import PossibleWriters
from graflow_mypy.messages import (
    KEY_DEFAULT,
    KEY_SHAPE,
    KEY_TYPE,
    KEY_UNKNOWN,
    UNREAD,
    suggestion,
)
from graflow_mypy.program.blind_spots import BlindSpot
from graflow_mypy.program.channels import Whose
from graflow_mypy.program.patterns import ANYTHING, Pattern, Patterns, shown
from graflow_mypy.program.types.forms import NONE_FORM, ArrayForm, show
from graflow_mypy.program.uses import Claim, Use
from graflow_mypy.source.notes import CallSite

__all__ = ["RESULT_END", "KeyJudge", "Writers"]

RESULT_END = ".__result__"
"""What the key of a result ends with, behind the id of its task."""

Locations = Mapping[Claim, tuple[str, str]]

_VERBS = {
    "add": "set",
    "append": "appended to",
    "change": "updated as a value",
    "prepend": "prepended to",
    "atomic_add": "added to as a number",
    "entry": "read as a value",
    "wait_for": "read as a value",
    "get": "read as a value",
    "get_list": "read as a list",
    "optional parameter": "read as a parameter",
    "parameter": "read as a parameter",
    "pop": "popped as a list",
    "set": "set",
    "update": "updated as a value",
}

_OF_UNKNOWN = {"change": "updated", "delete": "deleted", "exists": "looked for"}


@dataclass(frozen=True)
class Writers:
    """What is known of the writers of keys.

    Attributes:
        keys: All keys that are written, in whatever way.
        spots: Lines that may write any other key.
        uses: The uses that write.
        others: The keys that are written otherwise: by tasks that return, or by other programs.
        may_be_result: Tells of the key of a result whether some task may have written it.
        unless: Where else keys may be written, as messages say it.
    """

    keys: Patterns
    spots: Sequence[BlindSpot]
    uses: PossibleWriters
    others: Patterns
    may_be_result: Callable[[str], bool]
    unless: str = ""


class KeyJudge:
    """Judges the uses of keys."""

    def __init__(self, writers: Writers, fitting: Fitting, unjudged: Unjudged) -> None:
        """Begin.

        Args:
            writers: The writers.
            fitting: Answers about types.
            unjudged: Gets what goes unjudged because of blind spots.
        """
        self._writers = writers
        self._fitting = fitting
        self._unjudged = unjudged

    def judge(self, uses: Iterable[Use], judged: Collection[Whose]) -> Iterator[Diagnostic]:
        """Yield what is wrong in the program that has some uses.

        Args:
            uses: All uses in the program.
            judged: Whose channels are judged.
        """
        by_key: dict[Pattern, list[Use]] = {}
        doubtful: list[Use] = []  # about several keys, or one that only computed ones can be
        own: set[str] = set()
        for use in uses:
            own.add(use.module)
            if use.where not in judged:
                continue
            if (key := use.key) is not None:
                by_key.setdefault(key, []).append(use)
            reads = use.claim.expects and not use.claim.is_parameter
            if use.site is not None and reads and not use.claim.has_default:
                doubtful.append(use)
        wrong: set[tuple[str, CallSite]] = set()
        for key in sorted(by_key, key=shown):
            for found in self._judge_key(shown(key), key, by_key[key]):
                wrong.add((found.module, found.site))
                yield found
        for found in self._judge_doubtful(doubtful, own):
            if (found.module, found.site) not in wrong:
                yield found

    def _judge_key(self, name: str, key: Pattern, uses: list[Use]) -> Iterator[Diagnostic]:
        is_of_result = name.endswith(RESULT_END)
        may_be = self._writers.may_be_result(name) if is_of_result else False
        if not self._writers.keys.may_match(key) and not may_be:
            yield from self._judge_reads(name, uses)
        if not is_of_result:
            yield from _conflicts(name, uses, self._fitting)

    def _judge_reads(self, key: str, uses: list[Use]) -> Iterator[Diagnostic]:
        """Yield what is wrong with reads of a key that nothing writes that is known."""
        for use in uses:
            if use.site is None or not use.claim.expects:
                continue
            found = Diagnostic(use.module, use.site, *_unknown(key, use, self._writers))
            spots = [each for each in self._writers.spots if self._may_be(each, use)]
            if spots:
                self._unjudged.add(KEYS, key, found, spots)
            else:
                yield found

    def _judge_doubtful(self, uses: Iterable[Use], own: Collection[str]) -> Iterator[Diagnostic]:
        """Yield what is wrong with reads of keys of which it isn't known which use wrote them.

        A loop may use some of its keys in one way, and the others in another. So a read is only
        wrong if for each of its keys, whatever may have written it can't go with the read.
        """
        verdicts: dict[tuple[frozenset[Pattern], Claim], tuple[str, str] | None] = {}
        for use in uses:
            are_known = [self._writers.keys.may_match(key) for key in use.keys]
            if not any(are_known):
                if len(use.keys) > 1 and ANYTHING not in use.keys:
                    yield from self._judge_reads(shown(min(use.keys, key=shown)), [use])
                continue
            about = use.keys, use.claim
            if about not in verdicts:
                verdicts[about] = self._verdict(use, own) if all(are_known) else None
            verdict = verdicts[about]
            if use.site is not None and verdict is not None:
                yield Diagnostic(use.module, use.site, *verdict)

    def _verdict(self, use: Use, own: Collection[str]) -> tuple[str, str] | None:
        """Return the code and the message about a read that no possible writer goes with."""
        if ANYTHING in use.keys or (use.key is not None and self._is_settled(use.key)):
            return None
        verdicts = [self._verdict_on(key, use.claim, own) for key in sorted(use.keys, key=shown)]
        return verdicts[0] if all(verdicts) else None

    def _is_settled(self, key: Pattern) -> bool:
        """Tell whether what is written under just this key was compared with all else."""
        return any(each.key == key for each in self._writers.uses.of(key))

    def _verdict_on(
        self, key: Pattern, claim: Claim, own: Collection[str]
    ) -> tuple[str, str] | None:
        if self._writers.others.may_match(key):
            return None
        first = None
        for writer in sorted(self._writers.uses.of(key), key=lambda each: ANYTHING in each.keys):
            location = {writer.claim: writer.location}
            found = _conflict(shown(key), claim, location, self._fitting)
            if found is None or writer.where == "unknown" or writer.module not in own:
                return None
            first = first or found
        return first

    def _may_be(self, spot: BlindSpot, use: Use) -> bool:
        """Tell whether what a blind spot writes may be what is read."""
        written, read = spot.form, use.claim.form
        return self._fitting.fits(written, read) or self._fitting.fits(read, written)


def _conflicts(key: str, uses: list[Use], fitting: Fitting) -> Iterator[Diagnostic]:
    locations: dict[Claim, tuple[str, str]] = {}
    for use in uses:
        present = locations.get(use.claim, use.location)
        locations[use.claim] = min(present, use.location)
    verdicts: dict[Claim, tuple[str, str] | None] = {}
    for use in uses:
        if use.site is None:
            continue
        if use.claim not in verdicts:
            verdicts[use.claim] = _conflict(key, use.claim, locations, fitting)
        verdict = verdicts[use.claim]
        if verdict is not None:
            yield Diagnostic(use.module, use.site, *verdict)


def _unknown(key: str, use: Use, writers: Writers) -> tuple[str, str]:
    """Return the code and the message about a key that nothing writes that is known."""
    code = UNREAD if writers.unless else KEY_UNKNOWN
    code = KEY_DEFAULT if use.claim.has_default else code
    known = map(shown, writers.keys.gapped) if "*" in key else writers.keys.texts
    end = f"never written{writers.unless}{suggestion(key, known)}"
    if use.claim.is_parameter:
        owner = use.location[1].rpartition(".")[2]
        start = f'Parameter "{key}" of "{owner}" is not bound here'
        return code, f'{start}, and channel key "{key}" is {end}'
    done = _OF_UNKNOWN.get(use.claim.operation, "read")
    return code, f'Channel key "{key}" is {done} but {end}'


def _conflict(
    key: str, mine: Claim, locations: Locations, fitting: Fitting
) -> tuple[str, str] | None:
    """Return the code and the message of the first use that this one can't go with."""
    others = sorted(
        (each for each in locations if each != mine),
        key=lambda each: (not each.writes, locations[each], each.operation),
    )
    for other in others:
        if _differ_in_shape(mine, other, fitting):
            where = _name(locations[other])
            done, there_done = _VERBS[mine.operation], _VERBS[other.operation]
            return KEY_SHAPE, f'Channel key "{key}" is {done} here, but {there_done} in {where}'
    are_written = any(each.writes for each in locations)
    for other in others:
        if are_written and not (mine.writes or other.writes):
            continue  # one of two readers that differ also differs from what is written
        if not (mine.has_schema or other.has_schema):
            continue  # an untyped key may hold `None` first, and a number later
        if _may_be_apart(mine, other):
            continue
        if _differ_in_type(mine, other, fitting):
            return KEY_TYPE, _types_differ(key, mine, other, _name(locations[other]), fitting)
    return None


def _types_differ(key: str, mine: Claim, other: Claim, where: str, fitting: Fitting) -> str:
    """Return the message about two types of a key; those of one name are told apart."""
    is_of_items = mine.is_on_list and other.is_on_list
    here, there = (_shown(each, is_of_items) for each in (mine, other))
    end = ""
    if here == there:
        here, there = (show(each.form, is_full=True) for each in (mine, other))
        differing = difference(mine.form, other.form, fitting)
        end = f" ({differing})" if differing else ""
    start = f'Channel key "{key}" is used as "{here}" here{_how(mine)}'
    return f'{start}, but as "{there}" in {where}{end}'


def _shown(claim: Claim, is_of_items: bool) -> str:
    """Return what a message calls the type of a claim; of a list its items, if that is enough."""
    if claim.is_on_list and isinstance(claim.form, ArrayForm):
        item = claim.schema or show(claim.form.item)
        return item if is_of_items else f"{claim.form.name}[{item}]"
    return claim.schema or show(claim.form)


def _differ_in_shape(mine: Claim, other: Claim, fitting: Fitting) -> bool:
    if not (mine.writes or other.writes) or mine.is_on_list == other.is_on_list:
        return False
    value = other if mine.is_on_list else mine
    if value.operation == "atomic_add" or fitting.is_never_a_list(value.form):
        return True
    # Without a schema they are kept as what they are.
    is_array = isinstance(value.form, ArrayForm) and value.form.name in {"tuple", "set"}
    return is_array and not value.has_schema


def _differ_in_type(mine: Claim, other: Claim, fitting: Fitting) -> bool:
    forth = fitting.fits(mine.form, other.form)
    back = fitting.fits(other.form, mine.form)
    if mine.writes and other.reads and not forth:
        return True
    if other.writes and mine.reads and not back:
        return True
    return not forth and not back


def _may_be_apart(mine: Claim, other: Claim) -> bool:
    """Tell whether parameters may have other values than what was seen.

    Many have one name by chance. What no task writes, each run may be started with, or not; and a
    key may hold `None` until a parameter is read.
    """
    if not (mine.is_parameter or other.is_parameter):
        return False
    return not (mine.writes or other.writes) or NONE_FORM in {mine.form, other.form}


def _how(claim: Claim) -> str:
    return " by a parameter that is not bound" if claim.is_parameter else ""


def _name(location: tuple[str, str]) -> str:
    module, function = location
    return ".".join(filter(None, (module.partition("#")[0], function)))
