"""What `set`, `delete` and `ttl` change, and what they refuse to."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from tests.command.commands import Place, graflow, on_terminal


def test_a_value_is_stored(place: Place) -> None:
    """As JSON, from an argument or standard input; what was there is replaced."""
    channel = place.open("orders")
    channel.set("count", "old", ttl=60)
    for text, value in {"3": 3, "-5": -5, '"tea"': "tea", '{"a": [1.5]}': {"a": [1.5]}}.items():
        assert graflow("set", place.url, "orders", "count", text).status == 0
        assert channel.get("count") == value
    assert channel.ttl("count") is None
    given = '{"at": {"$datetime": "2026-01-02T00:00:00"}}\n'
    assert graflow("set", place.url, "orders", "rich", "-", given=given).status == 0
    assert channel.get("rich") == {"at": datetime(2026, 1, 2)}
    assert graflow("set", place.url, "orders", "count", "1", "--ttl", "60").status == 0
    assert 0 < (channel.ttl("count") or 0) <= 60


def test_what_get_writes_set_reads(file: Place) -> None:
    """So that a value can be copied through a pipe."""
    channel = file.open("orders")
    values = {"a": (1, {2}), "b": {"$ref": [float("inf")]}, "c": b"\0", "d": ["x", None], "e": 7}
    channel.set_many(values)
    for key, value in values.items():
        text = graflow("get", file.url, "orders", key).out
        assert graflow("set", file.url, "copies", key, "-", given=text).status == 0
        assert file.open("copies").get(key) == value


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("tea", """if it is text, it needs quotation marks, and the shell needs some around"""),
        ("tea", """them: '"tea"'"""),
        ("it's", "text is written in quotation marks"),
        ("", "is not JSON"),
        ('{"$ref": 1}', '{"$dict": [["$name", 1]]}'),
        ("[1,", "is not JSON"),
        ('"\\ud800"', "is not JSON"),
    ],
)
def test_what_is_no_value_is_refused(value: str, said: str, file: Place) -> None:
    """With a sentence that says how it is written; nothing is changed."""
    file.open("orders").set("key", "old")
    found = graflow("set", file.url, "orders", "key", value)
    assert (found.status, found.out) == (2, "")
    assert said in found.err
    assert file.open("orders").get("key") == "old"


def test_a_value_must_fit_its_schema(
    file: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it is not stored, and the fields that don't fit are named."""
    name = f"point_{tmp_path.name.replace('-', '_')}"
    source = "from dataclasses import dataclass\nfrom datetime import date\n"
    source += "@dataclass\nclass Point:\n    x: int\n    day: date\n"
    (tmp_path / f"{name}.py").write_text(source)
    monkeypatch.chdir(tmp_path)
    channel = file.open("orders")
    channel.set("key", 1)
    args = ("set", file.url, "orders", "key")
    found = graflow(*args, '{"x": "one"}', "--as", f"{name}:Point")
    assert found.status == 1
    assert "x: should be a valid integer" in found.err
    assert "day: is missing" in found.err
    assert channel.get("key") == 1
    found = graflow(*args, '{"x": 1, "day": "2026-01-02"}', "--as", f"{name}:Point")
    assert found.status == 0
    assert channel.get("key") == {"x": 1, "day": "2026-01-02"}


def test_keys_are_removed(place: Place) -> None:
    """Those that are there, and the others are named."""
    channel = place.open("orders")
    channel.set_many({"a": 1, "b": 2, "c": 3})
    found = graflow("delete", place.url, "orders", "a", "none", "b", "--yes")
    assert (found.status, found.lines) == (1, ["a", "b"])
    assert found.err == "graflow: channel 'orders' has no key 'none'\n"
    assert channel.keys() == ["c"]


def test_nothing_is_removed_through_a_pipe_without_being_told_to(file: Place) -> None:
    """There is nobody to ask."""
    file.open("orders").set("a", 1)
    found = graflow("delete", file.url, "orders", "a", given="y\n")
    assert found.status == 2
    assert "pass --yes" in found.err
    assert file.open("orders").keys() == ["a"]


def test_on_a_terminal_it_asks(file: Place) -> None:
    """And takes only a yes for one."""
    channel = file.open("orders")
    channel.set_many({"a": 1, "b": 2})
    seen = on_terminal("delete", file.url, "orders", "a", typed="\n")
    assert seen.status == 1
    assert f"Remove 'a' from channel 'orders' at {channel.backend.address}? [y/N]" in seen.out
    assert "nothing was removed" in seen.out
    assert channel.exists("a")
    seen = on_terminal("delete", file.url, "orders", "a", "b", typed="y\n")
    assert seen.status == 0
    assert "Remove 2 keys from channel" in seen.out
    assert channel.keys() == []


def test_times_to_live_are_shown_and_changed(place: Place) -> None:
    """In seconds, or the word none."""
    channel = place.open("orders")
    channel.set("a", 1, ttl=600)
    (left,) = graflow("ttl", place.url, "orders", "a").lines
    assert 0 < float(left) <= 600
    assert graflow("ttl", place.url, "orders", "a", "none").status == 0
    assert graflow("ttl", place.url, "orders", "a").out == "none\n"
    assert graflow("ttl", place.url, "orders", "a", "60.5").status == 0
    assert 0 < (channel.ttl("a") or 0) <= 60.5
    for seconds, status in {"soon": 2, "0": 2, "nan": 2}.items():
        assert graflow("ttl", place.url, "orders", "a", seconds).status == status, seconds
    assert graflow("ttl", place.url, "orders", "gone", "60").status == 1
