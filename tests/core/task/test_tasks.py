"""Tasks: what can be one, how arguments are bound, and where parameters come from."""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypedDict

import pytest

from graflow import chain, parallel, task, workflow
from graflow.channels.base import Channel
from graflow.core.context import TaskExecutionContext
from graflow.core.task.task import Task
from graflow.exceptions import (
    DuplicateTaskError,
    MissingParameterError,
    TaskFailedError,
    WorkflowStateError,
    WorkflowTypeError,
    WorkflowValueError,
)

if TYPE_CHECKING:
    from decimal import Context as Unimported


@task(inject_context=True)
def fetch(ctx: TaskExecutionContext, source: str, retries: int = 3) -> str:
    """Say what was fetched."""
    return f"{ctx.task_id}: {source} {retries}"


def run_alone(what: Task[..., Any], **options: Any) -> Any:
    """Run a workflow of one task."""
    with workflow("w") as wf:
        chain(what)
    return wf.execute(**options)


def test_every_form_of_the_decorator_gives_the_id_it_says() -> None:
    """By default the id is the function's name."""

    def work() -> int:
        return 1

    assert task(work).task_id == task()(work).task_id == task(task_id=None)(work).task_id == "work"
    assert task(id=None)(work).task_id == task(id=None, task_id=None)(work).task_id == "work"  # type: ignore[call-overload]
    for made in (task("other"), task(task_id="other"), task(id="other")):
        assert made(work).task_id == "other"
    assert task("näme with spaces")(lambda: 1).run() == 1


def test_a_task_looks_like_its_function() -> None:
    """For `help`, `inspect` and doctest."""
    assert fetch.__doc__ == "Say what was fetched."
    assert inspect.unwrap(fetch).__name__ == "fetch"
    assert list(inspect.signature(fetch).parameters) == ["ctx", "source", "retries"]


def test_any_callable_with_a_signature_can_be_a_task() -> None:
    """An object with `__call__`, a bound method, partials; their annotations count."""

    class Adder:
        def __call__(self, number: int) -> int:
            return number + 1

        def add(self, number: int) -> int:
            return number + 2

    def multiply(a: int, number: int) -> int:
        return a * number

    @functools.wraps(multiply)
    def wrapper(*args: Any, **kwargs: Any) -> int:
        return multiply(*args, **kwargs)

    for function, expected in (
        (Adder(), 6),
        (Adder().add, 7),
        (functools.partial(multiply, 3), 15),
        (functools.partial(wrapper, 4), 20),
    ):
        made = task("made")(function)
        assert run_alone(made, initial_channel={"number": 5}) == expected
        with pytest.raises(TaskFailedError, match="number"):
            run_alone(made, initial_channel={"number": "five"})


class Holder:
    """A class with a method."""

    def method(self) -> None:
        """Do nothing."""


def generate() -> Any:
    """Yield a number."""
    yield 1


async def generate_later() -> Any:
    """Yield a number."""
    yield 1


def named(task_id: str) -> None:
    """Take the name that calling a task needs."""


def context_forgotten(ctx: TaskExecutionContext) -> None:
    """Take a context."""


@pytest.mark.parametrize(
    ("what", "advice"),
    [
        (Holder, "class Holder"),
        (3, "function"),
        (None, "function"),
        (classmethod(lambda cls: None), "classmethod"),
        (Holder.method, "bound method"),
        (fetch, "already"),
        (generate, "return a list"),
        (generate_later, "return a list"),
        (named, "'task_id'"),
        (context_forgotten, "inject_context=True"),
    ],
)
def test_what_can_not_be_a_task_is_refused_with_advice(what: Any, advice: str) -> None:
    """When it is decorated."""
    with pytest.raises(WorkflowTypeError, match=advice):
        task(what)


def test_options_that_do_not_fit_are_refused() -> None:
    """A function without room for the context, two ids, a function with options, bad ids."""

    def no_parameters() -> None: ...
    def keyword_only(*, ctx: TaskExecutionContext) -> None: ...

    for function in (no_parameters, keyword_only):
        with pytest.raises(WorkflowTypeError, match="first parameter"):
            task(inject_context=True)(function)  # type: ignore[arg-type]
    with pytest.raises(WorkflowTypeError, match="parameters"):
        task("builtin")(min)
    doubled: list[tuple[Callable[[], object], str]] = [
        (lambda: task("a", id="b"), r"two ids: 'a' and id='b'$"),  # type: ignore[call-overload]
        (lambda: task("a", task_id="b"), r"two ids: 'a' and task_id='b'$"),  # type: ignore[call-overload]
        (lambda: task(task_id="a", id="a"), r"two ids: task_id='a' and id='a'$"),  # type: ignore[call-overload]
    ]
    for twice, said in doubled:
        with pytest.raises(WorkflowTypeError, match=said):
            twice()
    with pytest.raises(WorkflowTypeError, match="options"):
        task(no_parameters, id="b")  # type: ignore[call-overload]
    with pytest.raises(WorkflowTypeError, match="options"):
        task(no_parameters, task_id="b")  # type: ignore[call-overload]
    with pytest.raises(WorkflowValueError, match=r'task\("id"\)'):
        task(lambda: 1)
    for bad in ("", "\ud800"):
        with pytest.raises(WorkflowValueError):
            task(bad)
    with pytest.raises(WorkflowTypeError):
        task(id=b"id")  # type: ignore[call-overload]
    with pytest.raises(WorkflowTypeError):
        task(task_id=b"id")  # type: ignore[call-overload]


def test_calling_a_task_binds_arguments_by_position_and_by_name() -> None:
    """The context is none of them; what a bound task is called with is added."""
    with workflow("w") as wf:
        a = fetch("api", task_id="a")
        fetch(source="db", retries=5, task_id="b")
        a(task_id="c", retries=1)
    assert wf.execute() == {"a": "a: api 3", "b": "b: db 5", "c": "c: api 1"}


def test_arguments_of_every_kind_can_be_bound() -> None:
    """Positional-only ones, keyword-only ones, and any number of either."""

    @task
    def collect(first: int, /, second: int, *more: int, key: int, **others: int) -> list[Any]:
        return [first, second, more, key, others]

    with workflow("w") as wf:
        collect(1, 2, 3, 4, key=5, last=6, task_id="all")
        collect(1, task_id="some")
    assert wf.execute(initial_channel={"second": 20, "key": 50}) == {
        "all": [1, 2, (3, 4), 5, {"last": 6}],
        "some": [1, 20, (), 50, {}],
    }


def test_arguments_that_do_not_fit_are_refused() -> None:
    """Unknown ones, doubled ones, too many; the workflow does not change."""
    misfits: list[tuple[tuple[object, ...], dict[str, Any]]] = [
        ((), {"colour": "red"}),
        (("api",), {"source": "api"}),
        (("api", 1, 2), {}),
        ((), {"ctx": None}),
    ]
    with workflow("w") as wf:
        for args, kwargs in misfits:
            with pytest.raises(WorkflowTypeError, match="'fetch'"):
                fetch(*args, **kwargs)
        for bad in ("", "\ud800"):
            with pytest.raises(WorkflowValueError):
                fetch(task_id=bad)
        with pytest.raises(WorkflowTypeError):
            fetch(task_id=3)  # type: ignore[arg-type]
        with pytest.raises(WorkflowStateError, match="no tasks"):
            wf.execute()


def test_a_called_task_is_named_by_task_id_alone() -> None:
    """For `id` may be a parameter of its function; where it is none, the error says what to do."""

    @task
    def look_up(id: int) -> int:
        return id

    with workflow("w") as wf:
        look_up(id=3)
        with pytest.raises(WorkflowTypeError, match=r"'id'; to name the new task write task_id="):
            fetch(source="x", id="a")  # type: ignore[call-arg]
    assert wf.execute() == 3


def test_a_call_outside_a_workflow_says_what_to_do() -> None:
    """At the top level, and inside a task of a workflow whose block is open."""

    @task
    def calls() -> str:
        fetch(source="x")
        return "unreachable"

    with pytest.raises(WorkflowStateError, match=r"fetch.run\(\.\.\.\)"):
        fetch(source="x")
    with workflow("w") as wf:
        chain(calls)
        with pytest.raises(TaskFailedError, match=r"fetch.run\(\.\.\.\)"):
            wf.execute()


def test_run_calls_the_function() -> None:
    """With bound arguments filled in, and without awaiting a coroutine."""

    @task
    async def later(number: int) -> int:
        return number

    ctx = TaskExecutionContext("t")
    assert fetch.run(ctx, "api", retries=1) == "t: api 1"
    assert asyncio.run(later.run(3)) == 3
    with workflow("w"):
        bound = fetch(source="db", retries=7)
    assert bound.run(ctx) == "t: db 7"
    assert bound.run(ctx, retries=8) == "t: db 8"
    assert bound.run(ctx, "api") == "t: api 7"


def test_parameters_are_checked_where_the_channel_gives_them(
    open_channel: Callable[[str], Channel],
) -> None:
    """Strictly and deeply, on every backend; a list that was appended to is a list."""

    class Row(TypedDict):
        id: int

    @task
    def count(rows: list[Row], scale: float | None = None, more: Any = 0) -> int:
        return len(rows) + int(scale or 0) + int(more)

    channel = open_channel("run")
    channel.append("rows", {"id": 1})
    channel.append("rows", {"id": 2})
    with workflow("w", channel=channel) as wf:
        chain(count)
    assert wf.execute() == 2
    assert wf.execute(initial_channel={"scale": 1.5, "more": 10}) == 13
    assert wf.execute(initial_channel={"scale": None}) == 12
    channel.append("rows", {"id": "3"})
    with pytest.raises(TaskFailedError, match=r"\[2\]\.id"):
        wf.execute()


def test_a_stored_none_is_a_value() -> None:
    """It goes before the default."""

    @task
    def show(word: str | None = "default") -> str | None:
        return word

    assert run_alone(show, initial_channel={"word": None}) is None
    assert run_alone(show) == "default"


def test_a_missing_parameter_names_itself_and_its_task() -> None:
    """In attributes and in the message."""
    with pytest.raises(TaskFailedError, match=r"fetch\(source=\.\.\.\)") as caught:
        run_alone(fetch)
    cause = caught.value.__cause__
    assert isinstance(cause, MissingParameterError)
    assert (cause.task, cause.parameter) == ("fetch", "source")


def test_a_missing_parameter_names_what_may_have_been_meant(
    open_channel: Callable[[str], Channel],
) -> None:
    """A key spelled otherwise, the keys that there are, or a task; in atomic tasks, too."""

    def said(what: Task[..., Any], **values: object) -> str:
        channel = open_channel("run")
        channel.clear()
        with workflow("w", channel=channel) as wf:
            chain(what)
        with pytest.raises(TaskFailedError) as caught:
            wf.execute(initial_channel=values)
        return str(caught.value)

    @task(atomic=True)
    def whole(source: str) -> str:
        return source

    @task
    def same(same: str) -> str:
        return same

    for each in (fetch, whole):
        assert said(each, sorce="x", other=1).endswith("Did you mean the channel key 'sorce'?")
        assert said(each, SOURCE="x", sorce=1).endswith("Did you mean the channel key 'SOURCE'?")
        assert said(each, b=1, a=2).endswith("The channel has the keys 'a', 'b'")
        assert said(each).endswith("The channel has no keys yet")
        many = {f"key {number:02}": 1 for number in range(20)}
        assert said(each, **many).endswith("'key 07' and 12 more")
    assert said(same).endswith("ctx.get_result('same') returns its result")


def test_a_value_of_the_wrong_type_says_where_it_is_from() -> None:
    """The task, the parameter and the key; for a value that is found by name alone."""
    with pytest.raises(TaskFailedError, match=r"parameter 'source' of task 'fetch' takes.*'w'"):
        run_alone(fetch, initial_channel={"source": 3})


class Opaque:
    """A class that no channel can carry."""


def test_an_annotation_that_can_not_be_checked_is_no_way_around_the_check() -> None:
    """A value in the channel is refused; a bound one and the default are taken."""

    @task
    def use(tool: Opaque | None = None, other: Unimported | None = None) -> bool:
        return tool is None and other is None

    assert run_alone(use) is True
    with workflow("w") as wf:
        use(tool=Opaque(), task_id="bound")
    assert wf.execute() is False
    for key in ("tool", "other"):
        with pytest.raises(TaskFailedError, match=f"{key!r}.*bind a value"):
            run_alone(use, initial_channel={key: 1})


def test_a_task_decorated_in_the_block_runs_unless_it_is_only_a_template() -> None:
    """A template may even lend its id to one of its tasks."""
    with workflow("w") as wf:

        @task
        def alone() -> int:
            return 1

        @task
        def scale(factor: int = 10) -> int:
            return factor

        @task
        def both(factor: int = 100) -> int:
            return factor

        scale(task_id="scale", factor=2)
        parallel(both, both(factor=3))
    assert wf.execute() == {"alone": 1, "scale": 2, "both": 100, "both_2": 3}


def test_the_inner_block_gets_the_tasks() -> None:
    """When blocks are nested, and the outer one again after it."""
    with workflow("outer") as outer:
        fetch(task_id="a", source="x")
        with workflow("inner") as inner:
            fetch(task_id="b", source="x")
        fetch(task_id="c", source="x")
    assert list(outer.execute()) == ["a", "c"]
    assert inner.execute() == "b: x 3"


def test_tasks_can_join_without_a_block() -> None:
    """With `add`; a part with an id that is taken does not join at all."""

    @task("fetch")
    def other() -> int:
        return 1

    wf = workflow("w")
    wf.add(chain(task("a")(lambda: 1), task("b")(lambda: 2)))
    wf.add(other)
    with pytest.raises(DuplicateTaskError, match="'fetch'") as caught:
        wf.add(task("c")(lambda: 3) | fetch)
    assert caught.value.workflow == "w"
    with pytest.raises(WorkflowTypeError):
        wf.add(3)  # type: ignore[arg-type]
    assert wf.execute() == {"b": 2, "fetch": 1}


def test_what_is_no_task_can_not_be_put_in_order() -> None:
    """On either side; the message says what to write."""
    bad: Any = [fetch, fetch]
    for put in (
        lambda: fetch >> bad,
        lambda: bad >> fetch,
        lambda: fetch | bad,
        lambda: bad | fetch,
        lambda: chain(fetch, bad),
        lambda: parallel(bad),
    ):
        with pytest.raises(WorkflowTypeError, match=r"parallel\(a, b\)"):
            put()
    with pytest.raises(WorkflowTypeError, match="@task above 'run_alone'"):
        fetch >> run_alone  # type: ignore[operator]
