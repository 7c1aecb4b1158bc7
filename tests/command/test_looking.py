"""What `channels`, `keys`, `get` and `stats` say of channels."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

from graflow import SQLiteChannel
from tests.command.commands import Place, graflow

SHOP = """
from typing import TypedDict

from graflow import Key, KeyPattern, Keys


class Order(TypedDict):
    name: str
    count: int


class Shared(Keys):
    open = Key(int)
    order = KeyPattern("order:{number}", Order)
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a module with schemas in the current directory."""
    name = f"shop_{tmp_path.name.replace('-', '_')}"
    (tmp_path / f"{name}.py").write_text(SHOP)
    monkeypatch.chdir(tmp_path)
    return name


def test_channels_are_those_that_hold_something(place: Place) -> None:
    """Whatever they are called."""
    for name in ("orders", "a\nb", '"quoted"'):
        place.open(name).set("key", 1)
    found = graflow("channels", place.url)
    assert (found.status, found.err) == (0, "")
    assert sorted(found.lines) == ['"\\"quoted\\""', '"a\\nb"', "orders"]
    found = graflow("channels", place.url, "--json")
    assert sorted(map(json.loads, found.lines)) == ['"quoted"', "a\nb", "orders"]


def test_keys_are_listed_a_line_each(place: Place) -> None:
    """Those that can't be seen as they are as JSON; hidden ones not at all."""
    channel = place.open("orders")
    channel.set_many({"order:1": 1, "order:2": 2, "a\tb": 3, "\0": 4, "\x1b[31m": 5, "é": 6})
    channel.backend.put("\0run:1:hidden", b"1", None)
    found = graflow("keys", place.url, "orders")
    assert found.status == 0
    expected = ['"\\u0000"', '"\\u001b[31m"', '"a\\tb"', "order:1", "order:2", "é"]
    assert sorted(found.lines) == expected
    found = graflow("keys", place.url, "orders", "--prefix", "order:", "--json")
    assert sorted(map(json.loads, found.lines)) == ["order:1", "order:2"]


def test_what_is_not_there_is_status_1(place: Place) -> None:
    """With a sentence on standard error that says what, and nothing else."""
    place.open("orders").set("key", 1)
    for *args, said in (
        ["keys", place.url, "none", "channel 'none' has no keys"],
        ["keys", place.url, "orders", "--prefix", "x", "no keys that begin with 'x'"],
        ["get", place.url, "orders", "none", "channel 'orders' has no key 'none'"],
        ["ttl", place.url, "orders", "none", "'none'"],
        ["stats", place.url, "none", "channel 'none' has no keys"],
        ["runs", place.url, "orders", "channel 'orders' knows of no runs"],
        ["show", place.url, "orders", "none", "channel 'orders' knows of no run 'none'"],
    ):
        found = graflow(*args)
        assert (found.status, found.out) == (1, ""), args
        assert found.err.startswith("graflow: ")
        assert said in found.err
        assert found.err.count("\n") == 1


def test_a_value_is_json(place: Place) -> None:
    """What JSON lacks is written as it is stored; a stored None is a value."""
    channel = place.open("orders")
    channel.set("plain", {"a": [1, 2.5, None, True], "é": "\x9b"})
    channel.set("rich", {"at": datetime(2026, 1, 2), "pair": (1, 2), "nan": float("nan")})
    channel.set("none", None)
    channel.append("list", "x")
    assert graflow("get", place.url, "orders", "plain").out == (
        '{"a": [1, 2.5, null, true], "é": "\\u009b"}\n'
    )
    assert json.loads(graflow("get", place.url, "orders", "rich", "--json").out) == {
        "at": {"$datetime": "2026-01-02T00:00:00"},
        "pair": {"$tuple": [1, 2]},
        "nan": {"$float": "nan"},
    }
    assert graflow("get", place.url, "orders", "none").out == "null\n"
    assert graflow("get", place.url, "orders", "list").out == '["x"]\n'


def test_a_value_is_checked_against_a_schema(file: Place, shop: str) -> None:
    """A type, or the key of a class of Keys; each field that does not fit is named."""
    file.open("orders").set_many(
        {"order:1": {"name": "tea", "count": 2}, "order:2": {"name": 3}, "open": "three"}
    )
    for form in ("Order", "Shared"):
        found = graflow("get", file.url, "orders", "order:1", "--as", f"{shop}:{form}")
        assert (found.status, found.out) == (0, '{"name": "tea", "count": 2}\n')
        found = graflow("get", file.url, "orders", "order:2", "--as", f"{shop}:{form}")
        assert (found.status, found.out) == (1, "")
        assert found.err.splitlines() == [
            "graflow: the value of 'order:2' does not fit Order:",
            "  name: should be a valid string, found 3",
            "  count: is missing, found nothing",
        ]
    found = graflow("get", file.url, "orders", "open", "--as", f"{shop}:Shared")
    assert found.status == 1
    found = graflow("get", file.url, "orders", "none", "--as", f"{shop}:Order")
    assert (found.status, found.out) == (1, "")


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("shop", "is not of the form package.module:name"),
        ("{shop}.py:Order", "names a file; name its module as `import` does, package.module:name"),
        ("no.such:Order", "can't be imported: ModuleNotFoundError"),
        ("{shop}:None_", "can't be imported: AttributeError"),
        ("{shop}:TypedDict", "can't be a schema"),
        ("{shop}:Shared", "Shared declares no key 'key'"),
    ],
)
def test_what_can_not_be_a_schema_is_status_2(path: str, said: str, file: Place, shop: str) -> None:
    """Before anything is opened."""
    file.open("orders").set("key", 1)
    found = graflow("get", file.url, "orders", "key", "--as", path.format(shop=shop))
    assert found.status == 2
    assert said in found.err


def test_modules_may_print_and_raise_what_they_like(
    file: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What they print is no part of the output, and what they raise is a sentence."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "that_prints.py").write_text("print('noise')\nNumber = int\n")
    (tmp_path / "that_raises.py").write_text("class Odd(BaseException): ...\nraise Odd('no')\n")
    file.open("orders").set("a", 1)
    found = graflow("get", file.url, "orders", "a", "--as", "that_prints:Number")
    assert (found.status, found.out, found.err) == (0, "1\n", "noise\n")
    found = graflow("get", file.url, "orders", "a", "--as", "that_raises:Number")
    assert (found.status, found.out) == (2, "")
    assert found.err == "graflow: that_raises:Number can't be imported: Odd: no\n"


def test_a_channel_is_measured(place: Place) -> None:
    """Keys, bytes, what expires, lists; the largest are named; hidden keys are counted apart."""
    channel = place.open("orders")
    channel.set_many({f"key:{number:04}": "x" * 98 for number in range(1_200)})
    channel.set("large", "y" * 9_998, ttl=60)
    for _ in range(20):
        channel.append("list", "z" * 8)
    channel.backend.put("\0run:1:hidden", b"12345", None)
    found = json.loads(graflow("stats", place.url, "orders", "--json").out)
    largest = found.pop("largest")
    assert found == {
        "keys": 1_202,
        "bytes": 1_200 * 100 + 10_000 + 200,
        "expiring": 1,
        "lists": 1,
        "items": 20,
        "results": 1,
        "result_bytes": 5,
        "runs": 0,
    }
    assert largest[:2] == [["large", 10_000], ["list", 200]]
    lines = [line.split("\t") for line in graflow("stats", place.url, "orders").lines]
    assert ["keys", "1202"] in lines
    assert ["largest", "10000", "large"] in lines


def test_looking_changes_nothing(file: Place, tmp_path: Path) -> None:
    """A file stays as it was, byte for byte, and none is made beside it."""
    file.open("orders").set("key", 1, ttl=600)
    file.open("orders").close()
    path = tmp_path / "channels.db"
    before = path.read_bytes()
    for args in (
        ["channels"], ["keys", "orders"], ["get", "orders", "key"], ["ttl", "orders", "key"],
        ["stats", "orders"], ["runs", "orders"], ["show", "orders", "none"], ["check"],
    ):  # fmt: skip
        graflow(args[0], file.url, *args[1:])
        assert path.read_bytes() == before, args
    found = graflow("keys", f"sqlite:///{tmp_path}/none.db", "orders")
    assert (found.status, found.err.endswith(f"there is no file {tmp_path}/none.db\n")) == (1, True)
    assert graflow("keys", str(tmp_path / "none"), "orders").status == 1
    assert graflow("set", f"sqlite:///{tmp_path}/none.db", "orders", "key", "1").status == 1
    assert [each.name for each in tmp_path.iterdir()] == ["channels.db"]


def test_no_file_can_be_called_that(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that is too long for a file system is one of no file."""
    monkeypatch.chdir(tmp_path)
    found = graflow("channels", f"sqlite:///{'x' * 300}.db")
    assert found.status == 1
    assert found.err.endswith(f"there is no file {tmp_path}/{'x' * 300}.db\n")


def test_a_path_from_the_root_that_lacks_a_slash(tmp_path: Path) -> None:
    """The URL of the file that is there is told."""
    with SQLiteChannel("job", tmp_path / "there.db") as channel:
        channel.set("key", 1)
    found = graflow("channels", f"sqlite://{tmp_path}/there.db")
    assert found.status == 1
    assert found.err.endswith(
        f"but {tmp_path}/there.db; its URL is sqlite:///{tmp_path}/there.db\n"
    )


def test_a_file_that_is_named_by_its_path_is_told_its_url(
    file: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With and without a folder before its name."""
    file.open("orders").set("open", 1)
    monkeypatch.chdir(tmp_path)
    for path in ("channels.db", "./channels.db"):
        found = graflow("keys", path, "orders")
        assert found.status == 2
        assert f"is no directory; a file is named by sqlite:///{path}" in found.err
