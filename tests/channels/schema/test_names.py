"""What names in the text of annotations stand for: not what the caller happens to call so."""

from __future__ import annotations

import enum
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date as day
from typing import Any, Literal, NamedTuple, NotRequired, TypeAlias, TypedDict, cast

import pytest
import typing_extensions
from pydantic import BaseModel

from graflow import KeyedChannel, MemoryChannel, TypedChannel
from graflow.channels.schema import Schema, schema_of
from graflow.exceptions import ChannelValidationError, SchemaError
from tests.channels.schema import bills
from tests.channels.schema.bills import Bill, ModernBill

DUE = day(2026, 1, 2)
BILL: Any = {"status": "paid", "due": DUE}
LOST: Any = {"status": "lost", "due": DUE}

OUTER = {"bills": [], "record": bills.BillRecord("open", DUE), "pair": bills.BillTuple("open", DUE)}


def bare(cls: Any) -> Callable[..., Any]:
    """Return what makes an instance of a class with any values, which the class would refuse."""

    def make(**fields: Any) -> Any:
        made = cls.__new__(cls)
        vars(made).update(fields)
        return made

    return make


KINDS: list[tuple[Any, Callable[..., Any]]] = [
    (bills.Bill, dict),
    (bills.ModernBill, dict),
    (bills.BillRecord, bills.BillRecord),
    (bills.SlottedBill, bills.SlottedBill),
    (bills.BillTuple, bills.BillTuple),
    (bills.BillModel, bills.BillModel.model_construct),
    (bills.LateBill, bills.LateBill.model_construct),
    (bills.LateRecord, bare(bills.LateRecord)),
    (list[bills.Bill], lambda **fields: [fields]),
    (bills.Bills, lambda **fields: [fields]),
    (bills.Box[int], lambda status, due: bills.Box(1, status)),
    (bills.BoxOfBills, lambda status, due: bills.BoxOfBills(BILL, status, due)),
    (bills.BoxOfBills, lambda **fields: bills.BoxOfBills(cast("Any", fields), "open", DUE)),
    (bills.Outer, lambda **fields: {**OUTER, "bills": [fields]}),
    (bills.Outer, lambda **fields: {**OUTER, "record": bills.BillRecord(**fields)}),
    (bills.Outer, lambda **fields: {**OUTER, "pair": bills.BillTuple(**fields)}),
]


@pytest.mark.parametrize(("form", "make"), KINDS)
def test_variables_of_the_caller_mean_nothing(form: Any, make: Callable[..., Any]) -> None:
    """Neither a more lenient type nor something that isn't a type, from the first time on."""
    Status = str  # noqa: N806
    date = "2024-01-01"
    LateStatus = Tag = Cents = int  # noqa: N806
    schema: Schema[Any] = Schema(form)
    value = make(status="paid", due=DUE)
    assert schema.load(schema.dump(value)) == value
    with pytest.raises(ChannelValidationError, match="status"):
        schema.dump(make(status="lost", due=DUE))
    assert (Status, date, LateStatus, Tag, Cents) == (str, "2024-01-01", int, int, int)


def test_what_one_caller_called_so_is_not_kept_for_the_others() -> None:
    """The schema that the process keeps is the one that the module's names give."""

    def careless(channel: MemoryChannel) -> None:
        Status = str  # noqa: F841, N806
        TypedChannel(channel, ModernBill)
        KeyedChannel(channel, ModernBill)

    channel = MemoryChannel("bills")
    careless(channel)
    typed, keyed = TypedChannel(channel, ModernBill), KeyedChannel(channel, ModernBill)
    with pytest.raises(ChannelValidationError, match="status"):
        typed.set("bill", {"status": "lost", "due": DUE})  # type: ignore[typeddict-item]
    with pytest.raises(ChannelValidationError, match="status"):
        keyed.set("status", "lost")  # type: ignore[arg-type]


def test_each_class_keeps_its_names_inside_others_and_below_them() -> None:
    """Where the same name means something else in the function around a class that uses it."""
    Status: TypeAlias = int

    class Ours(TypedDict):
        status: Status
        bill: Bill
        box: bills.Box[Status]

    @dataclass
    class BelowRecord(bills.BillRecord):
        more: Status

    class BelowTuple(bills.BillTuple):
        pass

    class BelowDict(bills.ModernBill):
        more: Status

    ours, lost = Ours(status=1, bill=BILL, box=bills.Box(1, "open")), cast("Any", "lost")
    for form, good, bad, path in (
        (Ours, ours, {**ours, "bill": LOST}, "bill.status"),
        (Ours, ours, {**ours, "status": "paid"}, "status"),
        (BelowRecord, BelowRecord("paid", DUE, 1), BelowRecord(lost, DUE, 1), "status"),
        (BelowRecord, BelowRecord("paid", DUE, 1), BelowRecord("paid", DUE, lost), "more"),
        (BelowTuple, BelowTuple("paid", DUE), BelowTuple(lost, DUE), "status"),
        (BelowDict, {**BILL, "more": 1}, {**LOST, "more": 1}, "status"),
    ):
        schema: Schema[Any] = schema_of(form)
        assert schema.load(schema.dump(good)) == good
        with pytest.raises(ChannelValidationError) as caught:
            schema.dump(bad)
        assert [error.path for error in caught.value.errors] == [path]


def test_a_class_may_have_classes_in_it_and_fields_that_are_called_as_their_types() -> None:
    """What is in a class hides what is in its module; a default is not a type."""
    orders: Schema[bills.Shop.Order] = schema_of(bills.Shop.Order)
    order = bills.Shop.Order(bills.Shop.Status.PAID, DUE)
    assert orders.load(orders.dump(order)) == order
    dates: Schema[bills.Dated] = schema_of(bills.Dated)
    assert dates.load(dates.dump(bills.Dated(DUE))) == bills.Dated(DUE)


def test_text_in_new_types_and_aliases_belongs_to_their_module() -> None:
    """As that in classes does."""
    Bill = Cents = str  # noqa: F841, N806
    with pytest.raises(ChannelValidationError, match="greater than or equal to 0"):
        schema_of(bills.Amount).dump(-1)  # type: ignore[arg-type]
    with pytest.raises(ChannelValidationError):
        schema_of(bills.Bills).dump(["text"])  # type: ignore[list-item]


def test_text_that_the_caller_wrote_is_the_callers() -> None:
    """In the schema itself."""
    Bill = int  # noqa: F841, N806
    numbers: Schema[Any] = schema_of(list["Bill"])  # type: ignore[valid-type]
    assert numbers.load([b"1"]) == [1]
    with pytest.raises(SchemaError, match="RLock"):
        schema_of(cast("Any", "RLock"))  # which the module that builds schemas has


def test_classes_of_a_function_name_each_other() -> None:
    """Before and after they are defined, themselves too, and the variables of the function."""
    Status: TypeAlias = Literal["paid", "open"]

    class Row(TypedDict):
        leaf: Leaf
        status: Status
        more: NotRequired[list[Row]]  # type: ignore[misc]

    @dataclass
    class Record:
        leaf: Leaf
        status: Status
        more: Record | None = None

    class Pair(NamedTuple):
        leaf: Leaf
        status: Status

    class Model(BaseModel):
        leaf: Leaf
        status: Status

    class Leaf(typing_extensions.TypedDict):
        size: Size

    Size: TypeAlias = int
    Rows: Any = typing_extensions.TypeAliasType("Rows", "list[Row]")  # noqa: N806
    leaf: Any = {"size": 1}
    row: Any = {"leaf": leaf, "status": "open"}
    cases: list[tuple[Any, Any]] = [
        (Row, {**row, "more": [row]}),
        (Rows, [row]),
        (Record, Record(leaf, "paid", Record(leaf, "open"))),
        (Pair, Pair(leaf, "open")),
        (Model, Model.model_construct(leaf=leaf, status="open")),
    ]
    for form, value in cases:
        schema: Schema[Any] = schema_of(form)
        assert schema.load(schema.dump(value)) == value
        leaf["size"] = "1"
        with pytest.raises(ChannelValidationError, match=r"leaf\.size"):
            schema.dump(value)
        leaf["size"] = 1


def make_row(status: Any, then: Callable[[Any], Any]) -> Any:
    """Return what comes of a class of this call."""
    Status = status  # noqa: N806

    class Row(TypedDict):
        status: Status  # type: ignore[valid-type]

    return then(Row)


def test_each_call_of_a_function_has_classes_of_its_own() -> None:
    """Also while another one is under way, and once it is over the names are gone."""
    numbers, texts = make_row(
        int, lambda outer: make_row(str, lambda inner: (schema_of(outer), schema_of(inner)))
    )
    assert numbers.load(numbers.dump({"status": 1})) == {"status": 1}
    assert texts.load(texts.dump({"status": "a"})) == {"status": "a"}
    left = make_row(int, lambda row: row)
    Status = str  # noqa: F841, N806
    with pytest.raises(SchemaError, match="status: name 'Status' is not defined"):
        schema_of(left)


@pytest.mark.needs_system
def test_functions_inside_the_one_with_the_classes_share_its_names() -> None:
    """Where they use them, even on another thread; and they may have classes of their own."""

    class Leaf(TypedDict):
        size: int

    class Row(TypedDict):
        leaf: Leaf

    def use() -> Schema[Any]:
        value: Row = {"leaf": Leaf(size=1)}
        schema: Schema[Any] = schema_of(Row)
        assert schema.load(schema.dump(value)) == value
        return schema

    def inner() -> Schema[Any]:
        class Twig(TypedDict):
            leaf: Leaf

        return schema_of(Twig)

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(use).result() is use()
    assert inner().load(b'{"leaf":{"size":1}}') == {"leaf": {"size": 1}}


def of_a_call_that_is_over() -> list[Any]:
    """Return classes whose annotations name a variable of this function."""
    Bill: TypeAlias = int  # noqa: F841 - annotations name it

    class Row(TypedDict):
        it: Bill

    @dataclass
    class Record:
        it: Bill

    def inside() -> Any:
        class Pair(NamedTuple):
            it: Bill

        return Pair

    return [Row, Record, inside()]


@pytest.mark.parametrize("number", range(3))
def test_a_variable_that_is_gone_is_not_taken_for_another_of_its_name(number: int) -> None:
    """The module has a `Bill` too, and the class never meant that one."""
    with pytest.raises(SchemaError, match="it: name 'Bill' is not defined: it was a variable"):
        schema_of(of_a_call_that_is_over()[number])


def attributes(kind: Any) -> dict[str, Any]:
    """Return those of a class, without what Python keeps of annotations it has evaluated."""
    return {name: it for name, it in vars(kind).items() if name != "__annotations_cache__"}


def test_nothing_is_left_on_the_classes() -> None:
    """A schema, or the failure to make one, leaves classes and their annotations as they were."""
    kinds = [bills.BillRecord, bills.BillTuple, bills.SlottedBill, bills.BoxOfBills, bills.Amount]
    before = [attributes(kind) for kind in kinds]
    for kind in kinds:
        Schema(kind)
    with pytest.raises(SchemaError):
        Schema(tuple[bills.BillRecord, bills.BillTuple, threading.Thread])
    assert [attributes(kind) for kind in kinds] == before


def test_an_annotation_may_be_any_expression() -> None:
    """One that raises can't be part of a schema, and the error names the field."""

    class Odd(TypedDict):
        number: "1 / 0"  # type: ignore[valid-type]  # noqa: UP037

    @dataclass
    class Odder:
        number: enum.NoSuchThing  # type: ignore[name-defined]

    for form in (Odd, Odder):
        with pytest.raises(SchemaError, match=f"{form.__name__} .* number: "):
            schema_of(form)
