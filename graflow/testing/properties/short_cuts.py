"""Short cuts of a backend: each means the same as the plain way."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from graflow.channels.backend import (
    KEEP,
    Add,
    Backend,
    Change,
    Delete,
    Expire,
    Held,
    Pop,
    Push,
    Put,
    Record,
    Refusal,
)
from graflow.channels.codec.codec import decode, encode
from graflow.exceptions import ChannelError
from graflow.testing.budget import Budget
from graflow.testing.harness import Capabilities, Harness
from graflow.testing.plain import PlainBackend
from graflow.testing.trials.equality import fingerprint
from graflow.testing.trials.literals import expression
from graflow.testing.trials.trial import Trial

__all__ = ["check_short_cuts"]

_CLAUSE = "Whatever a backend overrides for speed means the same as the plain way"
_LONG, _SHORT = 550_000, 50_000  # ms

_STATES: dict[str, Record | None] = {
    "a missing key": None,
    "a value": b'"text"',
    "an int": b"7",
    "a float": b"1.5",
    "a large int": b"%d" % 2**70,
    "a huge int": encode(10**5000),
    "infinity": encode(math.inf),
    "NaN": encode(math.nan),
    "a tuple": encode((1,)),
    "True": b"true",
    "an empty list": [],
    "a list": [b"1", b'"b"', '"é"'.encode()],
    "a list of one": [b"null"],
}

_CHANGES: list[Change] = [
    Put("key", b"1"),
    Put("key", b"2", KEEP),
    Put("key", b"3", _LONG),
    Put("key", []),
    Put("key", [b"1", b"2"], KEEP),
    Put("key", [b"1"], _LONG),
    Push("key", b"4"),
    Push("key", b"5", _LONG),
    Push("key", b"6", at_head=True),
    Push("key", b"7", _LONG, at_head=True),
    Pop("key"),
    Delete("key"),
    Add("key", 1),
    Add("key", -0.5),
    Add("key", 2**80),
    Add("key", 1e308),
    Expire("key", _LONG),
    Expire("key", None),
]


def check_short_cuts(harness: Harness, capabilities: Capabilities, budget: Budget) -> None:
    """Make each change to each kind of record in both ways, and read it in both ways."""
    has_ttl = "ttl" not in capabilities.unsupported
    with Trial(harness, _CLAUSE) as trial:
        short, long = trial.open("job").backend, trial.open("jobs").backend
        for state, record, ttl, passes in _starts(has_ttl, harness.advance is not None):
            for change in _CHANGES:
                if not has_ttl and _has_ttl(change):
                    continue
                for backend in (short, long):
                    backend.commit((), [_start(record, ttl)])
                if passes:
                    trial.advance(_SHORT / 500)
                found, expected = _seen(short, change), _seen(PlainBackend(long), change)
                trial.note(f"# {state}, ttl={ttl}, {'expired, ' if passes else ''}{change}")
                if fingerprint(found) != fingerprint(expected):
                    ways = expression([expected, found])
                    trial.require(False, f"the plain and the short way give the same: {ways}")


def _starts(
    has_ttl: bool, moves_time: bool
) -> Iterator[tuple[str, Record | None, int | None, bool]]:
    for state, record in _STATES.items():
        yield state, record, None, False
        if record is not None and has_ttl:
            yield state, record, _SHORT, False
            if moves_time and state in {"a value", "a list", "an int"}:
                yield state, record, _SHORT, True


def _start(record: Record | None, ttl: int | None) -> Change:
    return Delete("key") if record is None else Put("key", record, ttl)


def _has_ttl(change: Change) -> bool:
    return isinstance(change, Expire) or bool(getattr(change, "ttl", None))


def _made(backend: Backend, change: Change) -> Any:
    if isinstance(change, Put) and change.ttl != KEEP:
        return backend.put(*change)
    return backend.apply(change)


def _seen(backend: Backend, change: Change) -> Any:
    """Make a change, and return its answer and all that reads tell afterwards."""
    try:
        answer = _made(backend, change)
    except (Refusal, ChannelError) as error:
        answer = type(error).__name__
    if isinstance(answer, bytes):
        answer = decode(answer)
    head: Any = None
    try:
        head = backend.head("key", 2)
    except Refusal as error:
        head = type(error).__name__
    held, missing = backend.read(("key", "missing"))
    return (
        *(answer, backend.get("key"), head, backend.exist(["key", "missing", "key"])),
        *(missing, sorted(backend.keys()), _rounded(held)),
        *(backend.digests(["key", "missing"]), backend.exist([])),
    )


def _rounded(held: Held | None) -> Any:
    """Return what is held, with the time that is left to about two minutes."""
    if held is None or held.left is None:
        return held and (held.record, None)
    return held.record, round(held.left / 120_000)
