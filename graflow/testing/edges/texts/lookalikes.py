"""Edge cases of texts that a careless store takes for one: as keys, as names, and as locks."""

from __future__ import annotations

from functools import partial

from graflow.exceptions import ChannelTimeoutError
from graflow.testing.edges.edge import Edge, edge
from graflow.testing.edges.holders.contenders import try_lock
from graflow.testing.edges.names import apart
from graflow.testing.harness import Capability
from graflow.testing.trials.steps import do
from graflow.testing.trials.trial import Trial

__all__ = ["EDGES"]

_ALLOWED = "Every other character is allowed"
_LONG = "k" * 10_000

_PAIRS = {
    "upper and lower case": ("Key", "key"),
    "a space behind": ("a", "a "),
    "a space before": ("a", " a"),
    "a newline behind": ("a", "a\n"),
    "a NUL behind": ("a", "a\0"),
    "what follows a NUL": ("a\0b", "a\0c"),
    "a slash and a colon": ("a/b", "a:b"),
    "a slash and what quotes it": ("a/b", "a%2Fb"),
    "a colon and what quotes it": ("a:b", "a%3Ab"),
    "a percent sign and what quotes it": ("%", "%25"),
    "a plus sign and a space": ("a+b", "a b"),
    "a slash behind": ("a", "a/"),
    "two slashes": ("a/b", "a//b"),
    "a dot in a path": ("a/b", "a/./b"),
    "two dots in a path": ("b", "a/../b"),
    "a dot behind": ("a", "a."),
    "dots alone": (".", ".."),
    "a dot and a dash": ("a.b", "a-b"),
    "an underscore and a dash": ("a_b", "a-b"),
    "a backslash": ("a\\b", "a/b"),
    "a backslash and what it escapes": ("a\\_", "a_"),
    "normal forms": ("\u00e9", "e\u0301"),
    "compatible forms": ("\ufb01", "fi"),
    "an accent": ("u", "\u00fc"),
    "a sharp s": ("\u00df", "ss"),
    "a dotless i": ("\u0131", "i"),
    "what is not seen": ("a", "a\u200b"),
    "zeros before a number": ("1", "01"),
    "the 65th character": ("k" * 64 + "a", "k" * 64 + "b"),
    "the 256th character": ("k" * 255 + "a", "k" * 255 + "b"),
    "the last of 10,000 characters": (_LONG + "a", _LONG + "b"),
    "the last of 3,000 wide characters": ("\u20ac" * 3_000 + "a", "\u20ac" * 3_000 + "b"),
}
"""Texts that differ, by how they do."""

_PATTERNS = {
    "a star": ("j*", "jzz"),
    "a question mark": ("j?z", "jzz"),
    "brackets": ("j[a-z]z", "jzz"),
    "an underscore": ("j_z", "jzz"),
    "a percent sign": ("j%", "jzz"),
    "an escaped underscore": ("j\\_z", "j_z"),
    "a dot": ("j.z", "jzz"),
    "a dot and a star": ("j.*", "jzz"),
    "upper case": ("JZZ", "jzz"),
    "a name above": ("j", "j/zz"),
    "a prefix": ("j", "jzz"),
    "nothing but a wildcard": ("%", "jzz"),
}
"""Texts that are patterns to some store, each with a text that it matches there."""


def _different(what: str, one: str, other: str) -> Edge:
    return edge(
        Capability.KEYS,
        f"keys that differ in {what}",
        _ALLOWED,
        do("set", one, 1),
        do("get", other).gives(None),
        do("exists", other).gives(False),
        do("add", other, [2]).gives(True),
        do("append", other, 3).gives(2),
        do("get", one).gives(1),
        do("get_many", [one, other]).gives({one: 1, other: [2, 3]}),
        do("keys").gives(sorted([one, other])),
        do("delete", one).gives(True),
        do("keys").gives([other]),
        do("set_many", {one: 4, other: 5}),
        do("get_many", [other, one]).gives({one: 4, other: 5}),
    )


def _matched(what: str, pattern: str, text: str) -> Edge:
    return edge(
        Capability.KEYS,
        f"{what} in a key is no pattern",
        _ALLOWED,
        do("set", text, 1),
        do("get", pattern).gives(None),
        do("exists", pattern).gives(False),
        do("get_many", [pattern]).gives({}),
        do("delete", pattern).gives(False),
        do("pop", pattern).gives(None),
        do("set", pattern, 2),
        do("delete", pattern).gives(True),
        do("get", text).gives(1),
        do("keys").gives([text]),
    )


def _lock(trial: Trial, one: str, other: str) -> None:
    trial.note(f"with a.lock({one!r:.100}), a.lock({other!r:.100}, timeout=0): pass")
    channel = trial.open("job")
    with channel.lock(one, timeout=0):
        error = try_lock(trial, 1, 0, other)
        trial.require(error is None, f"a lock of another name is free; it gave {error!r}")
        for held in (one, one):
            error = try_lock(trial, 1, 0, held)
            trial.require(
                isinstance(error, ChannelTimeoutError),
                f"one holder at a time, whatever the lock's name is; it gave {error!r}",
            )
    error = try_lock(trial, 1, 0, one)
    trial.require(error is None, f"it is free after the body; it gave {error!r}")


EDGES = [
    *(_different(what, *pair) for what, pair in _PAIRS.items()),
    *(_matched(what, *pair) for what, pair in _PATTERNS.items()),
    *(apart(f"channels whose names differ in {what}", *pair) for what, pair in _PAIRS.items()),
    *(
        apart(f"channels whose names differ in {what} that matches", *pair)
        for what, pair in _PATTERNS.items()
    ),
    *(
        edge(
            Capability.LOCK,
            f"locks whose names differ in {what}",
            _ALLOWED,
            body=partial(_lock, one=one, other=other),
        )
        for what, (one, other) in _PAIRS.items()
    ),
]
"""Edge cases of texts that look alike."""
