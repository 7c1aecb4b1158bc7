# Arguments may be of any types, also such as no channel could carry.
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import NewType, TypedDict

from graflow import task, workflow

UserId = NewType("UserId", int)


class Row(TypedDict):
    id: int


class Colour(Enum):
    RED = "red"


@dataclass
class Point:
    x: int


class Connection: ...


class Pooled(Connection): ...


@task
def store(
    row: Row,
    point: Point,
    colour: Colour,
    connection: Connection,
    user: UserId,
    pair: tuple[int, str],
    target: Path | str = "",
) -> None: ...


with workflow("w") as wf:
    store({"id": 1}, Point(1), Colour.RED, Pooled(), UserId(3), (1, "a"), Path())
    store(row={"id": "1"})  # E: Incompatible types (expression has type "str", TypedDict item "id" has type "int")  [typeddict-item]
    store(row={"idd": 1})  # E: Extra key "idd" for TypedDict "Row"  [typeddict-unknown-key]  # E: Missing key "id" for TypedDict "Row"  [typeddict-item]
    store(point=3, colour="red")  # E: Argument "colour" to "store" has incompatible type "str"; expected "Colour"  [arg-type]  # E: Argument "point" to "store" has incompatible type "int"; expected "Point"  [arg-type]
    store(connection=object())  # E: Argument "connection" to "store" has incompatible type "object"; expected "Connection"  [arg-type]
    store(user=3)  # E: Argument "user" to "store" has incompatible type "int"; expected "UserId"  [arg-type]
    store(pair=(1, 2))  # E: Argument "pair" to "store" has incompatible type "tuple[int, int]"; expected "tuple[int, str]"  [arg-type]
    store(target=None)  # E: Argument "target" to "store" has incompatible type "None"; expected "Path | str"  [arg-type]
    store(
        {"id": 1},
        point=Point(1),
        target=3,  # E: Argument "target" to "store" has incompatible type "int"; expected "Path | str"  [arg-type]
    )
