"""What the suite takes for the same value."""

from __future__ import annotations

from decimal import Decimal
from itertools import product
from typing import Final

import pytest

from graflow.testing.trials.equality import fingerprint, same

NAN: Final = float("nan")
VALUES: Final[list[object]] = [
    *(None, False, True, 0, 1, -1, 0.0, -0.0, 1.0, NAN, Decimal(1), Decimal("1.0")),
    *("", "1", b"", b"1", (), [], {}, set(), frozenset({1}), {1}),
    *((1,), (True,), (1.0,), [1], (1, 2), (2, 1), (1, (2, 3)), (1, [2, 3]), (0.0,), (-0.0,)),
    *({"a": 1, "b": 2}, {"b": 2, "a": 1}, ({"a": 1, "b": 2},), ({"b": 2, "a": 1},)),
]


@pytest.mark.parametrize("in_order", [True, False])
def test_the_same_have_the_same_fingerprint(*, in_order: bool) -> None:
    """And those that differ in a value, a type, a sign or, if that is asked for, the order."""
    for one, other in product(VALUES, repeat=2):
        prints = [fingerprint(each, in_order=in_order) for each in (one, other)]
        assert same(one, other, in_order=in_order) == (prints[0] == prints[1]), (one, other)


def test_types_and_signs_and_order_count() -> None:
    """Values that Python calls equal are not the same for that; two NaNs are."""
    assert same((1, (NAN, "a")), (1, (float("nan"), "a")))
    for one, other in [(1, True), (0.0, -0.0), ((1,), (1.0,)), ((1,), (1, 2)), ((), [])]:
        assert not same(one, other)
    assert same(({"a": 1, "b": 2},), ({"b": 2, "a": 1},), in_order=False)
    assert not same(({"a": 1, "b": 2},), ({"b": 2, "a": 1},))
