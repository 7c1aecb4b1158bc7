"""Core schemas are descended in one way, and the functions compiled of them can be read."""

from __future__ import annotations

import ast
import gc
import inspect
import linecache
import traceback
from collections import OrderedDict, deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, NotRequired

import pytest
from pydantic import AfterValidator, BaseModel, Field, RootModel, TypeAdapter
from typing_extensions import TypedDict

import graflow
from graflow.channels.schema import Schema
from graflow.channels.schema.named_tuples import named
from graflow.channels.schema.nodes import Part, children, descend, inside, with_children


class Row(TypedDict, extra_items=int):  # type: ignore[call-arg]
    """Has a field with the name of an entry of nodes, and items beside its fields."""

    type: str
    schema: NotRequired[list[int]]


class Cat(BaseModel):
    """One branch of a tagged union, and a type that refers to itself."""

    kind: Literal["cat"]
    kittens: list[Cat] = []


class Dog(BaseModel):
    """The other branch."""

    kind: Literal["dog"]


@dataclass
class Point:
    """A dataclass, which lists the names of its fields beside the fields."""

    x: int
    label: str = ""


class Pair(NamedTuple):
    """A tuple with names."""

    left: Row
    right: Point


class Items(RootModel[list[Pair]]):
    """A model of one value."""


class Order(TypedDict):
    """Plain JSON data."""

    name: str
    lines: list[list[str]]


FORMS = [
    Row,
    Cat,
    Annotated[Cat | Dog, Field(discriminator="kind")],
    int | list[str] | None,
    Items,
    tuple[int, str],
    tuple[str, ...],
    dict[str, OrderedDict[int, deque[float]]],
    Annotated[set[frozenset[int]], AfterValidator(len)],
    Annotated[Path, AfterValidator(str)],
]


def core_of(form: Any) -> Any:
    """Return the core schema that pydantic makes of a type."""
    core: Any = TypeAdapter(form).core_schema
    return named(core)


def steps(form: Any) -> dict[Any, str]:
    """Return the steps into a type's core schema, by the labels of its parts."""
    return {part.label: part.step for part in children(core_of(form))}


def nodes_in(found: Any) -> Iterator[int]:
    """Yield the identity of each dict with a type that is anywhere in a core schema."""
    if isinstance(found, dict):
        if isinstance(found.get("type"), str):
            yield id(found)
        for name, inner in found.items():
            if name not in {"metadata", "config", "function"}:
                yield from nodes_in(inner)
    elif isinstance(found, list | tuple):
        for inner in found:
            yield from nodes_in(inner)


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_the_way_down_passes_every_node(form: Any) -> None:
    """`descend` comes to all nodes that there are, to each once for every place that has it."""
    core = core_of(form)
    assert sorted(map(id, descend(core))) == sorted(nodes_in(core))


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_a_node_is_made_anew_in_its_shape(form: Any) -> None:
    """With its own parts put in, a node is equal; with others, it has just these."""
    for node in descend(core_of(form)):
        assert with_children(node, lambda part: part.node) == node
        new = with_children(node, lambda part: {"type": "any", "name": part.label})
        assert [(part.entry, part.step) for part in children(new)] == [
            (part.entry, part.step) for part in children(node)
        ]
        assert all(part.node["type"] == "any" for part in children(new))


def test_parts_are_named_as_paths_name_them() -> None:
    """A field by its name, an item of a tuple by its index, an item of a list by brackets."""
    assert steps(Row) == {"type": ".type", "schema": ".schema", None: "[]"}
    assert steps(tuple[int, str]) == {0: "[0]", 1: "[1]"}
    assert steps(tuple[str, ...]) == {0: "[]"}
    assert steps(int | str) == {0: "", 1: ""}
    assert list(children(core_of(list[int]))) == [
        Part("items_schema", None, "[]", {"type": "int"}),
    ]


def test_what_is_inside_has_its_say_on_the_whole_value() -> None:
    """A function wraps a part that is about the same value; a list has parts of its own."""
    assert inside(core_of(Annotated[int, AfterValidator(abs)])) == {"type": "int"}
    assert inside(core_of(list[int])) is None


def test_compiled_functions_have_a_source() -> None:
    """`inspect` shows it, under the name of the schema and of the function."""
    schema: Schema[Order] = Schema(Order)
    for name, function in (("dump", schema.dump), ("load", schema.load)):
        assert str(inspect.getsourcefile(function)).startswith(f"<graflow Order.{name}")
        source = inspect.getsource(function)
        assert source.startswith(f"def {name}(")
        assert "['lines']" in source


def test_a_traceback_shows_the_line_of_a_compiled_function() -> None:
    """It has the text of the line, as for any other function."""
    schema: Schema[Order] = Schema(Order)
    with pytest.raises(graflow.ChannelValidationError) as caught:
        schema.dump({})  # type: ignore[typeddict-item]
    frames = traceback.extract_tb(caught.value.__traceback__)
    assert (inspect.getfile(schema.dump), "return careful_dump(value)") in [
        (frame.filename, frame.line) for frame in frames
    ]


def file_of(field: str) -> str:
    """Make a schema with a field, forget it, and return the name of the file of its `dump`."""
    schema: Schema[Any] = Schema(TypedDict("Namesake", {field: str}))  # type: ignore[operator]
    assert f"'{field}'" in inspect.getsource(schema.dump)
    return inspect.getfile(schema.dump)


def test_schemas_of_one_name_have_sources_of_their_own() -> None:
    """Each function shows its own source as long as it is there, and takes it along."""
    gc.collect()
    gc.disable()
    try:
        files = [file_of("one"), file_of("two")]
    finally:
        gc.enable()
    assert files == ["<graflow Namesake.dump>", "<graflow Namesake.dump 2>"]
    gc.collect()
    assert not linecache.cache.keys() & files


def test_schemas_are_entered_by_their_door() -> None:
    """The rest of graflow imports from `graflow.channels.schema` and nothing inside of it."""
    package = Path(graflow.__file__).parent
    room = package / "channels" / "schema"
    for path in package.rglob("*.py"):
        if room not in path.parents:
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
                names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
                assert not [name for name in names if name.startswith("graflow.channels.schema.")]
