"""What keys are declared as, and whether their values fit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypedDict

import pytest

from graflow import (
    Key,
    KeyPattern,
    Keys,
    MemoryChannel,
    SchemaError,
)
from graflow.ui import serve
from tests.ui.reader import Reader


class User(TypedDict):
    """Somebody."""

    name: str
    age: int


class Shared(Keys):
    """What the import shares."""

    user = KeyPattern("user:{id}", User, ttl=60, doc="Who is logged in.")
    total = Key(int, doc="The number of rows.")


class Listed(TypedDict, total=False):
    """The keys of the import."""

    total: int
    names: list[str]


def test_values_are_checked_against_declared_keys(
    orders: MemoryChannel, read: Callable[..., Reader]
) -> None:
    """Each is told as what it is declared, with the fields that don't fit."""
    orders.set("user:1", {"name": "Ada", "age": 36})
    orders.set("user:2", {"name": "Bob", "age": "36", "x": 1})
    orders.set("total", "many")
    orders.set("other", 1)
    reader = read(orders, keys=Shared)
    rows = {row["key"]: row for row in reader.ask("keys", channel="orders")["keys"]}
    assert (rows["user:1"]["declared"], rows["user:1"]["errors"]) == ("User", [])
    assert [path for path, _, _ in rows["user:2"]["errors"]] == ["age", "x"]
    assert rows["total"]["declared"] == "int"
    assert rows["total"]["errors"][0][2] == "'many'"
    assert rows["other"]["declared"] is None
    assert "errors" not in rows["other"]
    told = reader.ask("value", channel="orders", key="user:2")
    assert told["errors"] == rows["user:2"]["errors"]
    assert reader.ask("value", channel="orders", key="other")["declared"] is None


def test_a_class_of_keys_is_described(orders: MemoryChannel, read: Callable[..., Reader]) -> None:
    """With patterns, types, times to live and meanings."""
    declared = read(orders, keys=Shared).ask("about")["declared"]
    assert (declared["title"], declared["doc"]) == ("Shared", "What the import shares.")
    assert declared["keys"] == [
        {
            "attribute": "user",
            "key": "user:{id}",
            "type": "User",
            "ttl": 60,
            "doc": "Who is logged in.",
        },
        {
            "attribute": "total",
            "key": "total",
            "type": "int",
            "ttl": None,
            "doc": "The number of rows.",
        },
    ]


def test_a_typed_dict_declares_keys_too(orders: MemoryChannel, read: Callable[..., Reader]) -> None:
    """As it does for a keyed channel."""
    orders.set("total", "many")
    orders.append("names", "Ada")
    reader = read(orders, keys=Listed)
    described = reader.ask("about")["declared"]["keys"]
    assert [(key["key"], key["type"]) for key in described] == [
        ("total", "int"),
        ("names", "list[str]"),
    ]
    rows = {row["key"]: row for row in reader.ask("keys", channel="orders")["keys"]}
    assert rows["names"]["errors"] == []
    assert len(rows["total"]["errors"]) == 1


def test_values_too_large_to_check_are_checked_when_opened(
    orders: MemoryChannel, read: Callable[..., Reader]
) -> None:
    """The table says what they are declared as, and nothing of whether they fit."""
    orders.set("total", "x" * 300_000)
    reader = read(orders, keys=Shared)
    (row,) = reader.ask("keys", channel="orders")["keys"]
    assert row["declared"] == "int"
    assert "errors" not in row
    assert len(reader.ask("value", channel="orders", key="total")["errors"]) == 1


@pytest.mark.parametrize("keys", [int, "Shared", list[int], Shared.total, object()])
def test_what_declares_no_keys_is_refused(orders: MemoryChannel, keys: Any) -> None:
    """Before anything is served."""
    with pytest.raises(SchemaError):
        serve(orders, keys=keys)
