"""`>>` and `|` beside each other: a warning where the source has no parentheses."""

from __future__ import annotations

import functools
import inspect
import linecache
import operator
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from graflow import PrecedenceWarning, Task, chain, parallel, task, workflow


def some(task_id: str) -> Task[..., str]:
    """Return a task."""
    return task(task_id)(lambda: task_id)


a, b, c, d, e = map(some, "abcde")


UNCLEAR: list[tuple[Callable[[], object], str, str]] = [
    (lambda: a >> b | c, "(a >> b) | c", "a >> (b | c)"),
    (lambda: a | b >> c, "a | (b >> c)", "(a | b) >> c"),
    (lambda: a >> b | c >> d, "(a >> b) | (c >> d)", "a >> (b | c) >> d"),
    (lambda: a >> b >> c | d, "(a >> b >> c) | d", "a >> b >> (c | d)"),
    (lambda: a | b >> c >> d, "a | (b >> c >> d)", "(a | b) >> c >> d"),
    (lambda: (a | b) >> c | d, "((a | b) >> c) | d", "(a | b) >> (c | d)"),
    (lambda: a >> (b | c) | d, "(a >> (b | c)) | d", "a >> (b | c | d)"),
    (lambda: a >> b | c | d, "(a >> b) | c", "a >> (b | c)"),
    (lambda: a | b >> c | d, "a | (b >> c)", "(a | b) >> c"),
    (lambda: (a >> b) | c >> d, "(a >> b) | (c >> d)", "((a >> b) | c) >> d"),
]


@pytest.mark.parametrize(("put", "meant", "other"), UNCLEAR)
def test_an_unclear_order_is_warned_about(
    put: Callable[[], object], meant: str, other: str
) -> None:
    """The message says what it means and what else may be meant, in the words of the source."""
    with pytest.warns(PrecedenceWarning) as caught:
        put()
    (warning,) = caught
    assert f"means `{meant}`" in str(warning.message)
    assert str(warning.message).endswith(f"or `{other}`")
    assert (warning.filename, warning.lineno) == (__file__, put.__code__.co_firstlineno)


CLEAR: list[Callable[[], object]] = [
    lambda: (a >> b) | c,
    lambda: a >> (b | c),
    lambda: a | (b >> c),
    lambda: (a | b) >> c,
    lambda: (a >> b) | (c >> d) | e,
    lambda: (a >> b) | c,
    lambda: a >> (b | c) >> d,
    lambda: (a >> (b | c)) | d,
    lambda: chain(a, b) | c,
    lambda: parallel(a >> b, c),
    lambda: functools.reduce(operator.or_, [a >> b, c >> d]),
    lambda: operator.or_(a >> b, c),
    lambda: [each | c for each in (a >> b, d >> e)],
    lambda: (
        # >> |
        (a >> b) | c
    ),
]


@pytest.mark.parametrize("put", CLEAR)
def test_parentheses_and_calls_are_clear(put: Callable[[], object]) -> None:
    """Nothing is said."""
    put()


def test_an_assignment_is_clear() -> None:
    """As it has no operand on the left."""
    group = a | b
    group |= c >> d
    assert len(group.parts) == 2


def test_lines_that_are_not_ascii_or_several() -> None:
    """The place of an expression is in bytes."""
    with pytest.warns(PrecedenceWarning, match=r"means `\(a >> b\) \| c`"):
        _ = "äöü", a >> b | c
    with pytest.warns(PrecedenceWarning) as caught:
        _ = (
            a
            >> b
            | c
        )  # fmt: skip
    line = inspect.currentframe().f_lineno  # type: ignore[union-attr]
    assert line - 6 <= caught[0].lineno < line


def test_long_code_is_not_quoted() -> None:
    """The message shows the same with letters."""
    with pytest.warns(PrecedenceWarning, match=r"^`a >> b \| c` means `\(a >> b\) \| c`"):
        _ = chain(*[some(str(each)) for each in range(40)]) >> b | some(
            "another, whose name is long"
        )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("(" + "|".join(["c"] * 980) + ")>>a|b", 1),
        ("c|" * 980 + "a>>b", 1),
        ("(" + " | ".join(["c"] * 1_100) + ") >> a | b", 0),
    ],
)
def test_expressions_that_programs_write(
    text: str, told: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are deeper than Python's stack; those too long for a reader are not looked at."""
    monkeypatch.setitem(linecache.cache, "<long>", (len(text), None, [text], "<long>"))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        eval(compile(text, "<long>", "eval"), {"a": a, "b": b, "c": c})
    assert len(caught) == told


def test_without_source_nothing_is_said() -> None:
    """Nor where the file has changed since it was imported."""
    names = {"a": a, "b": b, "c": c}
    exec("x = a >> b | c", names)
    for text in ("", "a >> | b\n", "#\n", "x = 1\n", "(a >> b) | c\n"):
        code = compile("a >> b | c", "<changed>", "eval")
        linecache.cache["<changed>"] = (len(text), None, [text], "<changed>")
        try:
            eval(code, names)
        finally:
            del linecache.cache["<changed>"]


def test_a_notebook_has_source() -> None:
    """It keeps its cells where tracebacks look for them."""
    text = "x = a >> b | c\n"
    linecache.cache["<cell>"] = (len(text), None, [text], "<cell>")
    try:
        with pytest.warns(PrecedenceWarning):
            exec(compile(text, "<cell>", "exec"), {"a": a, "b": b, "c": c})
    finally:
        del linecache.cache["<cell>"]


@pytest.mark.needs_system
def test_a_program_sees_its_line(tmp_path: Path) -> None:
    """Once, as Python shows warnings, and the run goes on as it was written."""
    program = tmp_path / "program.py"
    program.write_text(
        "from graflow import task, workflow\n"
        "a, b, c = [task(name)(lambda: 1) for name in 'abc']\n"
        "with workflow('w') as wf:\n"
        "    a >> b | c\n"
        "print(wf.execute())\n"
    )
    done = subprocess.run(
        [sys.executable, program], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "{'b': 1, 'c': 1}\n"
    assert f"{program}:4: PrecedenceWarning: `a >> b | c` means `(a >> b) | c`" in done.stderr


def test_a_warning_as_an_error_leaves_the_workflow_as_it_was() -> None:
    """Nothing has joined but what did before."""
    with workflow("w") as wf, warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(PrecedenceWarning):
            a >> b | c
    assert wf.execute() == "b"
