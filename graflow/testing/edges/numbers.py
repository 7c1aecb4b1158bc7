"""Edge cases of `atomic_add`."""

from __future__ import annotations

import math
from datetime import timedelta
from decimal import Decimal
from typing import Any

from graflow.exceptions import ChannelOverflowError, ChannelTypeError
from graflow.testing.edges.edge import Edge, edge
from graflow.testing.harness import Capability
from graflow.testing.trials.steps import Left, do, wait

__all__ = ["EDGES"]

_SUM = "`int + int` is an `int` of any size, otherwise an IEEE double, to the bit"
_NOT_A_NUMBER = "`bool` and non-numbers refused"
_OVERFLOW = "a float overflow raises `OverflowError` kind, nothing changed"

_SUMS: list[tuple[Any, Any]] = [
    (1, 2),
    (5, -5),
    (0, 0),
    (2**53, 1),
    (2**63 - 1, 1),
    (-(2**63), -1),
    (2**63, -1),
    (10**30, 10**30),
    (1, 2**64),
    (0.1, 0.2),
    (1, 0.5),
    (0.5, 1),
    (1, 1.0),
    (1.0, 1),
    (2**53 + 1, 0.0),
    (2**53 + 1, 1.0),
    (1.0, 2**53 + 1),
    (-(2**60) - 1, 0.5),
    (10**22 + 1, 0.5),
    (1e22, 1.5),
    (-0.0, -0.0),
    (0.0, -0.0),
    (5e-324, 5e-324),
    (1e308, -1e308),
    (1e16, 1.0),
    (123456789.123456789, 1e-7),
    (9007199254740993.0, 1),
    (0.1, 0.7),
    (math.inf, 1),
    (1, -math.inf),
    (math.inf, -math.inf),
    (math.nan, 1),
    (1.5, math.nan),
]
_NOT_NUMBERS: list[Any] = [
    True,
    False,
    None,
    "1",
    b"1",
    [1],
    [],
    {"a": 1},
    (1,),
    Decimal(1),
    timedelta(seconds=1),
]
_OVERFLOWS: list[tuple[Any, Any]] = [
    (1e308, 1e308),
    (-1e308, -1e308),
    (10**400, 0.5),
    (0.5, 10**400),
    (-(10**400), 1.0),
]


def _sum(number: Any, amount: Any) -> Edge:
    return edge(
        Capability.NUMBERS,
        f"{number!r} + {amount!r}",
        _SUM,
        do("set", "key", number),
        do("atomic_add", "key", amount).gives(number + amount),
        do("get", "key").gives(number + amount),
    )


def _refused(value: Any) -> Edge:
    return edge(
        Capability.NUMBERS,
        f"{value!r} is not a number",
        _NOT_A_NUMBER,
        do("set", "key", value),
        do("atomic_add", "key").raises(ChannelTypeError),
        do("atomic_add", "key", 0.5).raises(ChannelTypeError),
        do("get", "key").gives(value),
        do("set", "number", 1),
        do("atomic_add", "number", value).raises(ChannelTypeError),
        do("atomic_add", "missing", value).raises(ChannelTypeError),
        do("get", "number").gives(1),
        do("exists", "missing").gives(False),
    )


def _overflow(number: Any, amount: Any) -> Edge:
    shown = [
        f"10**{len(str(abs(each))) - 1}" if type(each) is int else repr(each)
        for each in (number, amount)
    ]
    return edge(
        Capability.NUMBERS,
        f"{shown[0]} + {shown[1]} {'from below ' if number < 0 else ''}is too large",
        _OVERFLOW,
        do("set", "key", number),
        do("atomic_add", "key", amount).raises(ChannelOverflowError),
        do("get", "key").gives(number),
    )


EDGES = [
    *(_sum(number, amount) for number, amount in _SUMS),
    *map(_refused, _NOT_NUMBERS),
    *(_overflow(number, amount) for number, amount in _OVERFLOWS),
    edge(
        Capability.NUMBERS,
        "a huge int is exact",
        _SUM,
        do("set", "key", 10**5000),
        do("atomic_add", "key", 1).gives(10**5000 + 1),
        do("atomic_add", "key", -(10**5000)).gives(1),
    ),
    edge(
        Capability.NUMBERS,
        "a missing number is 0",
        "a missing or expired key counts as `0`",
        do("atomic_add", "int").gives(1),
        do("atomic_add", "float", -0.5).gives(-0.5),
        do("atomic_add", "nothing", 0).gives(0),
        do("atomic_add", "sign", -0.0).gives(0.0),
        do("atomic_add", "nan", math.nan).gives(math.nan),
        do("ttl", "int").gives(None),
        do("keys").gives(["float", "int", "nan", "nothing", "sign"]),
    ),
    edge(
        Capability.NUMBERS,
        "an expired number is 0, and the new one stays",
        "a missing or expired key counts as `0`",
        do("set", "key", 5, ttl=50),
        do("set", "text", "no number", ttl=50),
        wait(100),
        do("atomic_add", "key").gives(1),
        do("atomic_add", "text", 2).gives(2),
        do("ttl", "key").gives(None),
        wait(300),
        do("get", "key").gives(1),
    ),
    edge(
        Capability.NUMBERS,
        "a sum keeps the TTL",
        "keeps the TTL",
        do("set", "int", 1, ttl=150),
        do("set", "float", 1.5, ttl=150),
        do("set", "big", 2**70, ttl=150),
        do("atomic_add", "int", 2).gives(3),
        do("atomic_add", "float", 2).gives(3.5),
        do("atomic_add", "big", 1).gives(2**70 + 1),
        do("ttl", "int").gives(Left(150)),
        do("ttl", "float").gives(Left(150)),
        do("ttl", "big").gives(Left(150)),
    ),
    edge(
        Capability.NUMBERS,
        "a refused sum leaves the TTL too",
        _OVERFLOW,
        do("set", "key", 1e308, ttl=150),
        do("atomic_add", "key", 1e308).raises(ChannelOverflowError),
        do("atomic_add", "key", True).raises(ChannelTypeError),
        do("ttl", "key").gives(Left(150)),
    ),
    edge(
        Capability.NUMBERS,
        "sums go on from sums",
        _SUM,
        *(
            do("atomic_add", "key", 0.1).gives(total)
            for total in (0.1, 0.2, 0.30000000000000004, 0.4, 0.5, 0.6, 0.7, 0.7999999999999999)
        ),
        do("set", "key", 2**63 - 2),
        do("atomic_add", "key").gives(2**63 - 1),
        do("atomic_add", "key").gives(2**63),
        do("atomic_add", "key", -1).gives(2**63 - 1),
        do("atomic_add", "key", -1.0).gives(float(2**63)),
    ),
]
"""Edge cases of `atomic_add`."""
