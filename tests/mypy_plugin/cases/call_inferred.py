# What is expected decides what an argument is, as in any call; mypy's own rules apply.
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal, Protocol, TypeVar

from graflow import task, workflow

T = TypeVar("T")
N = TypeVar("N", int, str)


class Client(Protocol):
    def send(self, text: str) -> None: ...


class Smtp:
    def send(self, text: str) -> None: ...


class Mute: ...


@task
def load(
    rows: list[int],
    by_name: Mapping[str, Sequence[float]],
    mode: Literal["r", "w"] = "r",
    key: Callable[[str], int] | None = None,
    client: Client | None = None,
    names: Iterable[str] = (),
) -> None: ...


@task
def same(value: T) -> T:
    return value


@task
def double(value: N, times: int = 2) -> N:
    return value


@task
def untyped(value, times=2): ...  # type: ignore[no-untyped-def]


@task
def half_typed(value, times: int = 2) -> None: ...  # type: ignore[no-untyped-def]


with workflow("w") as wf:
    load(rows=[])
    load(rows=[], by_name={}, mode="w", key=lambda text: len(text), client=Smtp(), names="text")
    load(rows=["a"])  # E: List item 0 has incompatible type "str"; expected "int"  [list-item]
    load(by_name={"a": [1, 2]})
    load(by_name={"a": ["b"]})  # E: List item 0 has incompatible type "str"; expected "float"  [list-item]
    load(mode="x")  # E: Argument "mode" to "load" has incompatible type "Literal['x']"; expected "Literal['r', 'w']"  [arg-type]
    load(key=lambda text: text.upper())  # E: Argument "key" to "load" has incompatible type "Callable[[str], str]"; expected "Callable[[str], int] | None"  [arg-type]  # E: Incompatible return value type (got "str", expected "int")  [return-value]
    load(key=len)
    load(client=Mute())  # E: Argument "client" to "load" has incompatible type "Mute"; expected "Client | None"  [arg-type]
    load(names={"a": 1})
    load(names=[1])  # E: List item 0 has incompatible type "int"; expected "str"  [list-item]
    load(rows=True)  # E: Argument "rows" to "load" has incompatible type "bool"; expected "list[int]"  [arg-type]
    load(rows=(n for n in range(3)))  # type: ignore[arg-type]
    same(value=3)
    same(value="three", task_id="same")
    same(valeu=3)  # E: Unexpected keyword argument "valeu" for "same"; did you mean "value"?  [call-arg]
    double(value=3)
    double(value=3, times="x")  # E: Argument "times" to "double" has incompatible type "str"; expected "int"  [arg-type]
    untyped(value=3, times="x")
    untyped(valeu=3)  # E: Unexpected keyword argument "valeu" for "untyped"; did you mean "value"?  [call-arg]
    half_typed(value=object(), times="x")  # E: Argument "times" to "half_typed" has incompatible type "str"; expected "int"  [arg-type]
