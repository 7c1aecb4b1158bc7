"""Keys of a channel, a page at a time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from graflow import (
    ChannelUnavailableError,
    MemoryChannel,
)
from graflow.ui.answers.key_pages import KeyListing
from tests.ui.reader import ODD, Reader


def test_keys_come_in_pages(orders: MemoryChannel, reader: Reader) -> None:
    """A hundred at a time, in order, with how many there are."""
    orders.set_many({f"key:{n:03}": n for n in range(250)})
    pages = [reader.ask("keys", channel="orders", first=first) for first in (0, 100, 200, 300)]
    assert [len(page["keys"]) for page in pages] == [100, 100, 50, 0]
    assert {page["total"] for page in pages} == {250}
    found = [row["key"] for page in pages for row in page["keys"]]
    assert found == sorted(orders.keys())


def test_keys_are_found_by_how_they_begin(orders: MemoryChannel, reader: Reader) -> None:
    """Whatever letters that are."""
    orders.set_many({f"{odd}{n}": n for odd in (*ODD, "user:") for n in range(3)})
    for prefix in (*ODD, "user:"):
        found = reader.ask("keys", channel="orders", prefix=prefix)
        assert {row["key"] for row in found["keys"]} >= {f"{prefix}{n}" for n in range(3)}
        assert found["total"] in (3, 6)  # two of them begin alike
    assert reader.ask("keys", channel="orders", prefix="none")["total"] == 0


def test_of_a_million_keys_only_the_first_are_found() -> None:
    """Nobody waits for the others, nor are they held."""
    taken = 0

    def find() -> Iterator[str]:
        nonlocal taken
        for number in range(1_000_000):
            taken += 1
            yield f"key:{number}"

    listing = KeyListing(find)
    keys, total = listing.page(0, 100)
    assert keys == [f"key:{number}" for number in range(100)]
    assert total is None
    assert taken <= 1_100
    assert listing.page(5_000, 100).keys[0] == "key:5000"
    assert taken <= 5_200
    assert listing.page(999_950, 100) == (
        [f"key:{n}" for n in range(999_950, 1_000_000)],
        1_000_000,
    )


def test_new_keys_of_a_small_channel_are_seen() -> None:
    """It is listed again, though not for each who asks."""
    now = 100.0
    keys = ["a"]
    listing = KeyListing(lambda: iter(keys), clock=lambda: now)
    assert listing.page(0, 10) == (["a"], 1)
    keys.insert(0, "b")
    assert listing.page(0, 10) == (["a"], 1)
    now += 3
    assert listing.page(0, 10) == (["a", "b"], 2)


def test_a_listing_that_fails_is_begun_anew() -> None:
    """What was found before the failure is not taken for all that there is."""
    fails = True

    def find() -> Iterator[str]:
        yield "a"
        if fails:
            raise ChannelUnavailableError("gone")
        yield "b"

    listing = KeyListing(find)
    with pytest.raises(ChannelUnavailableError):
        listing.page(0, 10)
    fails = False
    assert listing.page(0, 10) == (["a", "b"], 2)


def test_the_first_page_of_many_keys_is_found_anew_after_a_while() -> None:
    """Later pages stay those of the same listing, so that none is missed in turning over."""
    now = 0.0
    prefix = "a"
    listing = KeyListing(lambda: (f"{prefix}{n}" for n in range(3_000)), clock=lambda: now)
    assert listing.page(0, 1).keys == ["a0"]
    now, prefix = 60.0, "b"
    assert listing.page(100, 1).keys == ["a100"]
    assert listing.page(0, 1).keys == ["b0"]


def test_large_values_are_not_all_read_for_a_page(orders: MemoryChannel, reader: Reader) -> None:
    """Of a page with too many bytes in it some say that they were not read; opened, they are."""
    orders.set_many({f"key:{n:02}": "x" * (1_000_000 if n % 2 else 10) for n in range(60)})
    orders.set("list", ["x" * 1_000_000] * 3)
    got = reader.get("/api/keys?channel=orders")
    rows = {row["key"]: row for row in got.data["keys"]}
    assert len(rows) == 61
    assert len(got.body) < 30_000
    assert rows["key:00"]["preview"] == '"xxxxxxxxxx"'
    large = {"key": "key:59", "type": None, "size": 1_000_002, "left": None, "preview": None}
    assert rows["key:59"] == large
    assert (rows["list"]["type"], rows["list"]["preview"]) == ("list of 3", None)
    assert reader.ask("value", channel="orders", key="key:59")["type"] == "str"


def test_many_values_that_are_not_small_are_not_all_read(
    orders: MemoryChannel, reader: Reader
) -> None:
    """A page reads two megabytes at the most."""
    orders.set_many({f"key:{n:02}": "x" * 60_000 for n in range(90)})
    rows = reader.ask("keys", channel="orders")["keys"]
    assert len(rows) == 90
    assert 20 < sum(row["preview"] is not None for row in rows) < 40
