"""Edge cases of a schema in front of a channel, as lines of code with their outcomes."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

from graflow.channels.base import Channel
from graflow.channels.typed import TypedChannel
from graflow.channels.view import ChannelView
from graflow.exceptions import ChannelError
from graflow.testing.edges.edge import Edge
from graflow.testing.harness import Capability
from graflow.testing.trials.equality import same
from graflow.testing.trials.timing import is_left
from graflow.testing.trials.trial import Trial

__all__ = ["typed_edge", "view_edge"]


def view_edge(
    name: str,
    clause: str,
    *lines: tuple[str, object],
    variable: str,
    make: Callable[[Channel], ChannelView[str]],
    setup: tuple[str, ...],
    needs: Capability | None = None,
    names_key: bool = True,
) -> Edge:
    """Make an edge case of lines of code, each with its value or the kind of its error.

    In a line, `a` is the channel below the view, and `b` another handle on it; `is_left(150, ttl)`
    tells whether a time to live is that of a key that was given 150 seconds since the case began.

    Args:
        name: The name of the edge.
        clause: The words of the contract.
        lines: Expressions, each with its outcome.
        variable: The name of the view in a line.
        make: Puts the view in front of a channel.
        setup: Lines of code that do the same in a script.
        needs: What the backend must support.
        names_key: Whether errors have the channel and `key` as attributes; those about a time to
            live never have.
    """

    def body(trial: Trial) -> None:
        names = {"a": trial.open("job"), "b": trial.open("job", 1), "same": same}
        names["is_left"] = partial(is_left, since=time.monotonic())
        names[variable] = make(trial.open("job"))
        for line in setup:
            trial.note(line)
        for line, outcome in lines:
            trial.note(line)
            _require(trial, line, names, outcome, names_key and "ttl=" not in line)

    required = frozenset({Capability.TYPED, *([needs] if needs else [])})
    return Edge(name, Capability.TYPED, clause, body=body, needs=required)


def typed_edge(
    name: str,
    clause: str,
    *lines: tuple[str, object],
    form: Any = int,
    source: str = "",
    setup: str = "",
    needs: Capability | None = None,
    names_key: bool = True,
) -> Edge:
    """Make an edge case of lines of code, each with its value or the kind of its error.

    In a line, `typed` is the typed channel, `a` the channel below it, and `b` another handle.
    Errors name the channel and `key`, except those about bad arguments. If the `repr` of a form is
    not code, `source` is, after the line `setup`.
    """
    text = source or (form.__name__ if type(form) is type else form)
    return view_edge(
        name,
        clause,
        *lines,
        variable="typed",
        make=lambda channel: TypedChannel(channel, form),
        setup=(
            "from graflow import TypedChannel; a, b = open('job'), open('job')",
            *([setup] if setup else []),
            f"typed = TypedChannel(a, {text})",
        ),
        needs=needs,
        names_key=names_key,
    )


def _require(
    trial: Trial, line: str, names: dict[str, Any], outcome: object, names_key: bool
) -> None:
    is_refused = isinstance(outcome, type) and issubclass(outcome, ChannelError)
    try:
        found: object = eval(line, names)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the wrong one
        trial.require(
            is_refused and isinstance(error, outcome),  # type: ignore[arg-type]
            f"it gives {outcome!r}",
            error,
        )
        named = (getattr(error, "channel", None), getattr(error, "key", None))
        trial.require(
            named == (trial.name("job"), "key") or not names_key,
            f"the error names the channel and 'key'; it names {named!r}",
        )
    else:
        trial.require(
            not is_refused and same(found, outcome, in_order=False),
            f"it gives {outcome!r}; it gave {found!r}",
        )
