"""A script whose tasks return and take types that only the script has: `URL EXECUTOR`."""

from __future__ import annotations

import dataclasses
import enum
import sys
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from typing import (
    Annotated,
    Any,
    Generic,
    Literal,
    NamedTuple,
    NewType,
    NotRequired,
    TypedDict,
    TypeVar,
)

import loky
import typing_extensions
from distributed import Client, LocalCluster
from pydantic import BaseModel, Field

from graflow import (
    RedisChannel,
    TaskExecutionContext,
    TypedChannel,
    chain,
    parallel,
    task,
    workflow,
)

T = TypeVar("T")


class Status(enum.Enum):
    """Named in text, before and after."""

    PAID = "paid"


class Money(TypedDict):
    """One of `typing`."""

    cents: Cents


class Row(Money):
    """Inherits from it."""

    status: Status


class Page(typing_extensions.TypedDict, Generic[T], extra_items="Status"):  # type: ignore[call-arg]
    """A generic one, with more items than fields."""

    item: T


class Pages(Page[Row]):
    """Inherits from it, and names itself."""

    more: NotRequired[list[Pages]]


@dataclasses.dataclass
class Bill:
    """With every kind of default."""

    row: Row
    status: Status = Status.PAID
    tags: list[str] = dataclasses.field(default_factory=list)
    next: Bill | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Signed(Generic[T]):
    """A class of its own, made from another one."""

    item: T
    kind: Literal["signed"] = "signed"


@dataclasses.dataclass
class SignedBill(Bill):
    """Inherits fields."""

    by: str = "me"


class Pair(NamedTuple):
    """A named tuple."""

    status: Status
    bill: Bill


class Model(BaseModel):
    """A model that names what is defined further down."""

    status: Status
    inner: Inner


class Inner(BaseModel):
    """Defined further down."""

    number: int


class Shop:
    """A class with classes in it."""

    class Kind(enum.IntEnum):
        """Hidden in the other one."""

        BIG = 1

    @dataclasses.dataclass
    class Order:
        """Names its neighbour."""

        kind: Shop.Kind


Cents = Annotated[int, Field(ge=0)]
Amount = NewType("Amount", "Cents")
Rows = typing_extensions.TypeAliasType("Rows", "list[Row]")
Tree = typing_extensions.TypeAliasType("Tree", "dict[str, Tree] | Status")
Both = typing_extensions.TypeAliasType("Both", "tuple[T, Status]", type_params=(T,))

ROW: Row = {"cents": 1, "status": Status.PAID}
BILL = Bill(ROW, tags=["a"], next=Bill(ROW))
VALUES: dict[str, tuple[Any, Any]] = {
    "row": (Row, ROW),
    "pages": (Pages, {"item": ROW, "more": [{"item": ROW}], "other": Status.PAID}),
    "bill": (Bill, BILL),
    "signed": (Signed[Row], Signed(item=ROW)),
    "signed_bill": (SignedBill, SignedBill(ROW)),
    "pair": (Pair, Pair(Status.PAID, BILL)),
    "model": (Model, Model(status=Status.PAID, inner=Inner(number=1))),
    "order": (Shop.Order, Shop.Order(Shop.Kind.BIG)),
    "status": (Status, Status.PAID),
    "amount": (Amount, 5),
    "rows": (Rows, [ROW]),
    "tree": (Tree, {"a": {"b": Status.PAID}}),
    "both": (Both[int], (1, Status.PAID)),
    "nested": (list["Bill | None"], [BILL, None]),
}


def returning(name: str) -> Any:
    """Return a task that returns a value, and says of which type."""

    def give() -> Any:
        return VALUES[name][1]

    give.__annotations__["return"] = VALUES[name][0]
    return task(name)(give)


@task
def text() -> list["Bill | None"]:  # noqa: UP037 - text in text
    """Say it in text alone."""
    return [BILL]


@task
def wrong() -> Pair:
    """Return what does not fit."""
    return Pair("paid", BILL)  # type: ignore[arg-type]


@task(inject_context=True)
def use(ctx: TaskExecutionContext, given: Pair) -> int:
    """Put each value through a typed channel, and use what dataclasses know of their fields."""
    assert given.bill == BILL
    for name, (form, value) in VALUES.items():
        channel = ctx.get_typed_channel(form)
        channel.set("typed", value)
        assert channel.get("typed") == value, name
    assert ctx.get_keyed_channel(Row).get("cents") == 1
    assert dataclasses.fields(Bill)[0].default is dataclasses.MISSING
    assert dataclasses.replace(BILL, next=None).next is None
    return 1


def dask() -> Executor:
    """Return the executor of a cluster of one process."""
    settings: Any = {"n_workers": 1, "threads_per_worker": 1, "dashboard_address": ":0"}
    cluster = LocalCluster(silence_logs=False, **settings)  # type: ignore[no-untyped-call]
    client: Any = Client(cluster)  # type: ignore[no-untyped-call]
    executor: Executor = client.get_executor()
    return executor


EXECUTORS: dict[str, Callable[[], Executor] | None] = {
    "threads": None,
    "spawn": partial(ProcessPoolExecutor, 1, get_context("spawn")),
    "fork": partial(ProcessPoolExecutor, 1, get_context("fork")),
    "loky": partial(loky.get_reusable_executor, 1),
    "dask": dask,
}


def main(url: str, kind: str) -> None:
    """Print what the tasks return, and what is stored of it."""
    made = EXECUTORS[kind]
    executor: Any = made() if kind == "dask" and made else made
    with RedisChannel("types", url=url) as channel:
        channel.clear()
        channel.set("cents", 1)
        TypedChannel(channel, Pair).set("given", Pair(Status.PAID, BILL))
        with workflow("w", channel=channel) as wf:
            parallel(*map(returning, VALUES), text, use)
        _, ctx = wf.execute(ret_context=True, executor=executor)
        for name in (*VALUES, "text", "use"):
            stored = channel.get(f"{name}.__result__")
            print(name, ctx.get_result(name), stored)  # noqa: T201 - what the test reads
        with workflow("wrong", channel=channel) as wf:
            chain(wrong)
        try:
            wf.execute(executor=executor)
        except Exception as error:  # noqa: BLE001
            print(str(error).partition("; return")[0])  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
