"""Values of keys, as a page is told of them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from urllib.parse import quote, urlencode
from uuid import UUID

import pytest

from graflow import (
    MemoryChannel,
)
from tests.ui.reader import ODD, Reader


@pytest.mark.parametrize(
    ("value", "kind", "shown"),
    [
        (None, "None", "null"),
        (True, "bool", "true"),
        (7, "int", "7"),
        (1.5, "float", "1.5"),
        (float("nan"), "float", '{\n  "$float": "nan"\n}'),
        ("a\u202e<b>", "str", '"a\u202e<b>"'),
        ([], "list of 0", "[]"),
        ([1, {"a": []}], "list of 2", '[\n  1,\n  {\n    "a": []\n  }\n]'),
        ({}, "dict of 0", "{}"),
        ({"ä": [1]}, "dict of 1", '{\n  "ä": [\n    1\n  ]\n}'),
        ({1: 2}, "dict of 1", '{\n  "$dict": [\n    [\n      1,\n      2\n    ]\n  ]\n}'),
        ((1, 2), "tuple of 2", '{\n  "$tuple": [\n    1,\n    2\n  ]\n}'),
        ({3}, "set of 1", '{\n  "$set": [\n    3\n  ]\n}'),
        (b"\0", "bytes", '{\n  "$bytes": "AA=="\n}'),
        (datetime(2026, 1, 2, tzinfo=UTC), "datetime", None),
        (date(2026, 1, 2), "date", None),
        (timedelta(1), "timedelta", None),
        (Decimal("1.20"), "Decimal", None),
        (UUID(int=1), "UUID", None),
    ],
)
def test_a_value_is_told_as_it_is_stored(
    value: object, kind: str, shown: str | None, orders: MemoryChannel, reader: Reader
) -> None:
    """With what Python calls its type."""
    orders.set("a", value)
    told = reader.ask("value", channel="orders", key="a")
    assert told["type"].lower() == kind.lower()
    assert shown in (None, told["text"])
    assert not told["cut"]
    assert told["etag"] == orders.entry("a").etag
    (row,) = reader.ask("keys", channel="orders")["keys"]
    assert row["type"] == told["type"]
    assert "\n" not in row["preview"]


def test_what_others_have_stored_is_shown_as_it_is(orders: MemoryChannel, reader: Reader) -> None:
    """Without an error: it is what one looks for."""
    for record in (b"{broken", b"\xff\xfe", b"", [b"1", b"{"]):
        orders.backend.put("a", record, None)
        told = reader.ask("value", channel="orders", key="a")
        assert told["size"] == len(b"".join(record) if isinstance(record, list) else record)
    orders.backend.put("a", b"{broken", None)
    told = reader.ask("value", channel="orders", key="a")
    assert (told["type"], told["text"]) == ("not written by graflow", "{broken")


@pytest.mark.parametrize(
    "value",
    [
        "x" * 10_000_000,
        {"a": "x" * 10_000_000},
        list(range(300_000)),
        {f"key {n}": {"n": n} for n in range(100_000)},
        ["y" * 5_000_000] * 2,
    ],
    ids=["text", "text in a dict", "list", "dict", "list of texts"],
)
def test_a_value_of_megabytes_is_cut(value: object, orders: MemoryChannel, reader: Reader) -> None:
    """What is sent stays small, and says how large the value is."""
    orders.set("a", value)
    got = reader.get("/api/value?channel=orders&key=a")
    assert got.data["cut"]
    assert 10_000 < len(got.data["text"]) <= 60_000
    assert got.data["size"] > 1_500_000
    assert len(got.body) < 200_000
    assert len(reader.get("/api/keys?channel=orders").body) < 1_000


def test_times_to_live_are_told(orders: MemoryChannel, reader: Reader) -> None:
    """In ms; none for what stays."""
    orders.set("a", 1, ttl=60)
    orders.set("b", 1)
    first, second = reader.ask("keys", channel="orders")["keys"]
    assert 50_000 < first["left"] <= 60_000
    assert second["left"] is None
    assert 50_000 < reader.ask("value", channel="orders", key="a")["left"] <= 60_000


@pytest.mark.parametrize("key", ODD)
def test_any_key_can_be_opened(key: str, orders: MemoryChannel, reader: Reader) -> None:
    """It is text, and nothing else."""
    orders.set(key, {"is": key})
    assert [row["key"] for row in reader.ask("keys", channel="orders")["keys"]] == [key]
    assert reader.ask("value", channel="orders", key=key)["key"] == key


def test_what_is_not_there_is_said(reader: Reader) -> None:
    """In words for a person, with a status for the page."""
    assert reader.refused("value", channel="orders", key="a") == (
        *(404, "There is no such key any more."),
    )
    assert reader.refused("run", channel="orders", run="r")[0] == 404
    assert reader.refused("keys", channel="orders", first="-1")[0] == 400
    assert reader.refused("keys", channel="orders", first="9" * 30)[0] == 400
    assert reader.refused("keys", channel="")[0] == 404
    assert reader.refused("no")[0] == 404


def test_what_has_not_changed_is_not_sent_again(orders: MemoryChannel, reader: Reader) -> None:
    """The page says what it has."""
    orders.set("a", 1)
    path = f"/api/value?{urlencode({'channel': 'orders', 'key': 'a'})}"
    etag = reader.get(path).headers["ETag"]
    again = reader.get(path, If_None_Match=etag)
    assert (again.status, again.body) == (304, b"")
    orders.set("a", 2)
    assert reader.get(path, If_None_Match=etag).status == 200


def test_looking_changes_nothing(orders: MemoryChannel, reader: Reader) -> None:
    """Neither values nor times to live nor what is kept about the channel."""
    orders.set("a", [1, 2], ttl=60)
    backend = orders.backend
    before = {key: backend.get(key) for key in (*backend.keys(), *backend.keys(kept=True))}
    for path in ("channels", "runs", "keys", "run", "task", "picture", "value"):
        reader.get(f"/api/{path}?channel=orders&key=a&run=r&task=t&prefix={quote('a')}")
    after = {key: backend.get(key) for key in (*backend.keys(), *backend.keys(kept=True))}
    assert after == before
    assert orders.ttl("a")
