"""Classes whose annotations are text, and name what only this module has."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Generic, Literal, NamedTuple, NewType, TypedDict, TypeVar

import typing_extensions
from pydantic import BaseModel, Field
from pydantic.dataclasses import dataclass as pydantic_dataclass

T = TypeVar("T")

Status = Literal["paid", "open"]


class Bill(TypedDict):
    """One of `typing`."""

    status: Status
    due: date


class ModernBill(typing_extensions.TypedDict):
    """One of `typing_extensions`."""

    status: Status
    due: date


@dataclass
class BillRecord:
    """A dataclass."""

    status: Status
    due: date


@dataclass(frozen=True, slots=True)
class SlottedBill:
    """A dataclass that is a class of its own, made from another one."""

    status: Status
    due: date
    tags: list[Tag] = field(default_factory=list)


class BillTuple(NamedTuple):
    """A named tuple."""

    status: Status
    due: date


class BillModel(BaseModel):
    """A model."""

    status: Status
    due: date


class LateBill(BaseModel):
    """A model that names what is defined further down, so that pydantic can't finish it yet."""

    status: LateStatus
    due: date


@pydantic_dataclass
class LateRecord:
    """The same as one of pydantic's dataclasses."""

    status: LateStatus
    due: date


@dataclass
class Box(Generic[T]):
    """A generic one."""

    item: T
    status: Status


@dataclass
class BoxOfBills(Box[Bill]):
    """One that inherits what the argument stands for."""

    due: date


class Outer(TypedDict):
    """One that has the others inside."""

    bills: list[Bill]
    record: BillRecord
    pair: BillTuple


class Shop:
    """A class with classes in it, which hide those of the module."""

    class Status(enum.Enum):
        """Not that of the module."""

        PAID = "paid"

    @dataclass
    class Order:
        """One that names a class beside it, by the way to it."""

        status: Shop.Status
        due: date


@dataclass
class Dated:
    """One with a field that is called as its type."""

    date: date | None = None


class Tag(enum.StrEnum):
    """Defined after it was named."""

    NEW = "new"


LateStatus = Literal["paid", "open"]
Amount = NewType("Amount", "Cents")
Cents = Annotated[int, Field(ge=0)]
Bills = typing_extensions.TypeAliasType("Bills", "list[Bill]")


def pay() -> Status:
    """Return what is no status."""
    return "lost"  # type: ignore[return-value]
