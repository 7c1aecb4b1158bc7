"""Edge cases of keys."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from graflow.channels.hidden_keys import HiddenKey
from graflow.exceptions import ChannelError, ChannelTypeError, ChannelValueError
from graflow.testing.edges.edge import Edge, edge
from graflow.testing.harness import Capability
from graflow.testing.trials.steps import Updater, do
from graflow.testing.trials.trial import Trial

__all__ = ["EDGES", "HOSTILE"]

HOSTILE = {
    "a star": "j*",
    "a question mark": "j?b",
    "brackets": "[a-z]",
    "a backslash": "a\\*",
    "braces": "{x}",
    "braces the wrong way": "}{",
    "colons": ":a::b:",
    "slashes": "../a//b",
    "a NUL": "a\0b",
    "a NUL alone": "\0",
    "NULs at the beginning": "\0\0a",
    "text of a hidden key": "\0run:1:task.__result__",
    "a space": " ",
    "a newline": "a\r\nb\n",
    "a percent sign": "%7B%s",
    "quotes": "'\"`",
    "SQL": "'; DROP TABLE entries; --",
    "an emoji": "😀",
    "a combining accent": "e\u0301",
    "an accent": "é",
    "a letter in upper case": "A",
    "a letter in lower case": "a",
    "a dunder": "__class__",
    "text of a number": "1",
    "a very long text": "k" * 5_000,
}
"""Texts that a careless backend mistakes for something else."""

_ALLOWED = "Every other character is allowed"
_NO_LOOP = "A channel can't be iterated over"
_FOUND = "a key that is there from its first step to its last comes once"
_HIDDEN = "Bookkeeping ... is never visible as a key, and no user key can collide with it"
_REFUSED = "anything else is refused before the backend is touched"


def _key(what: str, key: str) -> Edge:
    return edge(
        Capability.KEYS,
        f"{what} in a key",
        _ALLOWED,
        do("set", key, 1),
        do("append", key + "list", 1).gives(1),
        do("get", key).gives(1),
        do("exists", key).gives(True),
        do("contains", key).gives(True),
        do("keys").gives(sorted([key, key + "list"])),
        do("get_many", [key, key + "list"]).gives({key: 1, key + "list": [1]}),
        do("delete", key).gives(True),
        do("delete", key).gives(False),
        do("contains", key).gives(False),
        do("keys").gives([key + "list"]),
    )


def _bad_key(what: str, key: Any, kind: type[ChannelError]) -> Edge:
    operations = [
        do("get", key),
        do("set", key, 1),
        do("append", key, 1),
        do("prepend", key, 1),
        do("pop", key),
        do("delete", key),
        do("exists", key),
        do("contains", key),
        do("ttl", key),
        do("atomic_add", key),
        do("update", key, Updater("lambda value: 1"), default=1),
        do("get_many", ["good", key]),
        do("set_many", {"good": 1, key: 2}),
    ]
    return edge(
        Capability.KEYS,
        f"{what} is not a valid key",
        _REFUSED,
        *(step.rejects(kind) for step in operations),
        do("keys").gives([]),
    )


def _text_enum(trial: Trial) -> None:
    class Key(StrEnum):
        USER = "user"

    channel = trial.open("job")
    trial.note("a.set(Key.USER, 1)  # a StrEnum whose value is 'user'")
    channel.set(Key.USER, 1)
    trial.require(channel.get("user") == 1, "a subclass of str is the key that its text is")
    trial.require(list(map(type, channel.keys())) == [str], "keys are plain `str`")


def _many(trial: Trial) -> None:
    channel, other = trial.open("job"), trial.open("job2")
    trial.note("a.set_many({f'key {n}': n for n in range(10_500)}); a.clear()")
    other.set("key 1", "other")
    channel.set_many({f"key {number}": number for number in range(10_500)})
    channel.append("list", 1)
    keys = channel.keys()
    trial.require(len(keys) == len(set(keys)) == 10_501, "keys are all listed, no duplicates")
    channel.clear()
    trial.require(channel.keys() == [], "every key that was there when it began is gone")
    trial.require(channel.get("key 1") is None, "every key that was there is gone")
    trial.require(channel.get("list") is None, "lists are gone as well")
    trial.require(other.get("key 1") == "other", "a channel never clears the keys of another")


def _found(trial: Trial) -> None:
    channel = trial.open("job")
    trial.note("a.set_many({f'key {n}': n for n in range(1_500)}); a.append('list', 1)")
    channel.set_many({f"key {number}": number for number in range(1_500)})
    channel.append("list", 1)
    trial.note("list(a.iter_keys()); list(a.iter_keys('key 1'))")
    for prefix in ("", "key 1", "*", "none"):
        expected = sorted(key for key in channel.keys() if key.startswith(prefix))  # noqa: SIM118
        found = sorted(channel.iter_keys(prefix))
        trial.require(
            found == expected,
            f"{_FOUND}: with the prefix {prefix!r} it found {len(found):,} keys, "
            f"{len(set(found)):,} of them different, and keys() lists {len(expected):,}",
        )


def _no_loop(trial: Trial) -> None:
    channel: Any = trial.open("job")
    channel.set("key", 1)
    trial.note("a.set('key', 1); list(a)")
    try:
        found: object = list(channel)
    except TypeError:
        found = TypeError
    trial.require(found is TypeError, f"{_NO_LOOP}; `keys()` lists the keys; it gave {found!r}")


def _hidden(trial: Trial) -> None:
    channel, hidden = trial.open("job"), HiddenKey("\0run:1:task.__result__")
    trial.note("from graflow.channels.hidden_keys import HiddenKey")
    trial.note(f"hidden = HiddenKey({str(hidden)!r})")
    trial.note("a.set(hidden, 1); a.set(str(hidden), 2); a.keys(); a.clear(); a.exists(hidden)")
    channel.set(hidden, 1)
    trial.require(channel.keys() == [], "bookkeeping is never visible as a key")
    channel.set(str(hidden), 2)
    trial.require(channel.keys() == [str(hidden)], "a user's key of the same text is a key")
    trial.require(channel.get(hidden) == 1, "no user key can collide with bookkeeping")
    channel.delete(str(hidden))
    trial.require(channel.exists(hidden), "no user key can collide with bookkeeping")
    channel.clear()
    trial.require(not channel.exists(hidden), "clearing removes the results of runs")


EDGES = [
    edge(Capability.KEYS, "a hidden key", _HIDDEN, body=_hidden),
    edge(Capability.KEYS, "keys one after the other", _FOUND, body=_found),
    edge(Capability.KEYS, "a loop over a channel", _NO_LOOP, body=_no_loop),
    edge(
        Capability.KEYS,
        "in is exists",
        "`key in channel` is `exists(key)`",
        do("contains", "key").gives(False),
        do("set", "key", None),
        do("append", "list", 1).gives(1),
        do("contains", "key").on("job", 1).gives(True),
        do("contains", "list").gives(True),
        do("contains", "key").on("job:1").gives(False),
        do("pop", "list").gives(1),
        do("contains", "list").gives(False),
        do("delete", "key").on("job", 1).gives(True),
        do("contains", "key").gives(False),
    ),
    *(_key(what, key) for what, key in HOSTILE.items()),
    _bad_key("an int", 1, ChannelTypeError),
    _bad_key("bytes", b"key", ChannelTypeError),
    _bad_key("None", None, ChannelTypeError),
    _bad_key("a tuple", ("key",), ChannelTypeError),
    _bad_key("empty text", "", ChannelValueError),
    _bad_key("a lone surrogate", "a\ud800", ChannelValueError),
    edge(
        Capability.KEYS,
        "keys that look alike are different keys",
        _ALLOWED,
        *(do("set", key, key) for key in HOSTILE.values()),
        *(do("get", key).gives(key) for key in HOSTILE.values()),
        do("keys").gives(sorted(HOSTILE.values())),
    ),
    edge(
        Capability.KEYS,
        "deleting a pattern deletes no key that it matches",
        _ALLOWED,
        do("set", "job", 1),
        do("set", "jzz", 2),
        do("delete", "j*").gives(False),
        do("exists", "j??").gives(False),
        do("get", "*").gives(None),
        do("keys").gives(["job", "jzz"]),
    ),
    edge(
        Capability.KEYS,
        "a missing key gives the default, and a stored None does not",
        "a stored `None` is a value",
        do("get", "key").gives(None),
        do("get", "key", 3).gives(3),
        do("get", "key", default=[]).gives([]),
        do("set", "key", None),
        do("get", "key", 3).gives(None),
        do("exists", "key").gives(True),
        do("get_many", ["key"]).gives({"key": None}),
        do("delete", "key").gives(True),
    ),
    edge(
        Capability.KEYS,
        "a default that is given is not stored",
        "`default` when there is none",
        do("get", "key", 3).gives(3),
        do("pop", "key", 3).gives(3),
        do("exists", "key").gives(False),
    ),
    edge(
        Capability.KEYS,
        "delete tells whether the key was there",
        "`delete(key) -> bool`",
        do("delete", "key").gives(False),
        do("set", "key", None),
        do("set", "list", []),
        do("delete", "key").gives(True),
        do("delete", "list").gives(True),
        do("delete", "key").gives(False),
        do("get", "key", "gone").gives("gone"),
    ),
    edge(
        Capability.KEYS,
        "clear removes every kind of value",
        "every key that was there when it began is gone when it returns",
        do("clear"),
        do("set", "value", 1),
        do("set", "empty", []),
        do("append", "list", 1).gives(1),
        do("atomic_add", "sum").gives(1),
        do("clear"),
        do("keys").gives([]),
        do("get_many", ["value", "empty", "list", "sum"]).gives({}),
        do("append", "list", 2).gives(1),
        do("atomic_add", "sum").gives(1),
    ),
    edge(Capability.KEYS, "a text enum is the key that its text is", _ALLOWED, body=_text_enum),
    edge(
        Capability.KEYS,
        "clear removes more than 10,000 keys",
        "works in slices beyond",
        body=_many,
        is_slow=True,
    ),
]
"""Edge cases of keys."""
