"""Pairs of types, drawn at random: what the plugin says of them beside what a channel does."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, seed, settings

from graflow import MemoryChannel, TypedChannel
from graflow.exceptions import ChannelError, SchemaError
from tests.mypy_plugin.drawn_types import PRELUDE, Pair, pairs
from tests.mypy_plugin.runs import Runner
from tests.patience import LONG
from tests.seeds import LONGER

_IN_A_MODULE: Final = 250
_HEAD: Final = """\
from graflow import TaskExecutionContext


def use(ctx: TaskExecutionContext, value: Any) -> None:
"""
_REPORT = re.compile(r'.*: error: Channel key "(\d+)" is .*\[graflow-key-(type|shape)\]')


@pytest.mark.timeout(LONG)
@pytest.mark.parametrize("number", [400, pytest.param(1_000 * LONGER, marks=pytest.mark.thorough)])
def test_no_pair_is_reported_that_every_value_passes(
    number: int, primed: Path, tmp_path: Path
) -> None:
    """What is reported fails with some value; what fails and is not reported is counted."""
    drawn = draw(number)
    reported = reports(drawn, primed, tmp_path)
    counts: Counter[str] = Counter()
    wrong = []
    for position, pair in enumerate(drawn):
        fails = some_value_fails(pair)
        is_reported = position in reported
        if fails is None:
            counts["refused"] += 1
            continue
        counts[f"{'fails' if fails else 'passes'}, {'' if is_reported else 'not '}reported"] += 1
        if is_reported and not fails:
            wrong.append(str(pair))
    print(dict(sorted(counts.items())))  # noqa: T201 - `pytest -s` shows what is missed
    assert not wrong, f"{len(wrong)} of {number}:\n" + "\n\n".join(sorted(wrong, key=len))
    assert counts["fails, reported"] > number / 10


def draw(number: int) -> list[Pair]:
    """Return so many pairs, no two of them the same."""
    drawn: dict[str, Pair] = {}

    @seed(number)
    @settings(max_examples=2 * number, database=None, suppress_health_check=list(HealthCheck))
    @given(pairs())
    def note(pair: Pair) -> None:
        drawn[str(pair)] = pair

    note()
    assert len(drawn) >= number
    return list(drawn.values())[:number]


def reports(drawn: Sequence[Pair], primed: Path, folder: Path) -> set[int]:
    """Return the positions of the pairs that the plugin reports."""
    (folder / "app").mkdir()
    (folder / "app/__init__.py").touch()
    for first in range(0, len(drawn), _IN_A_MODULE):
        some = drawn[first : first + _IN_A_MODULE]
        uses = [line for each in enumerate(some, start=first) for line in uses_of(*each)]
        text = "\n".join([PRELUDE, *classes_of(some), _HEAD]) + "".join(uses)
        (folder / f"app/pairs{first}.py").write_text(text)
    said = [_REPORT.fullmatch(line) for line in Runner(folder, primed=primed).cold()]
    return {int(match[1]) for match in said if match}


def classes_of(some: Iterable[Pair]) -> Iterable[str]:
    """Return the class statements that pairs need, each of them once."""
    return dict.fromkeys(
        each for pair in some for form in (pair.written, pair.read) for each in form.classes
    )


def uses_of(key: int, pair: Pair) -> list[str]:
    """Return the lines that write and read a key."""
    written, read = pair.written.text, pair.read.text
    return [
        f'    ctx.get_typed_channel({written}).set("{key}", value)\n'
        if pair.has_schema
        else f'    ctx.get_channel().set("{key}", {written})\n',
        f'    ctx.get_typed_channel({read}).get("{key}")\n',
    ]


def some_value_fails(pair: Pair) -> bool | None:
    """Tell whether a value can be written and not read; `None` if nothing can be written."""
    names: dict[str, Any] = {"__name__": __name__}
    source = "\n".join([PRELUDE, *classes_of([pair])])
    exec(compile(source, "<pair>", "exec", dont_inherit=True), names)
    channel = MemoryChannel()
    try:
        reader = TypedChannel(channel, eval(pair.read.text, names))
        writer = (
            TypedChannel(channel, eval(pair.written.text, names)) if pair.has_schema else channel
        )
    except SchemaError:
        return None
    is_written = False
    for sample in pair.written.samples:
        try:
            writer.set("key", eval(sample, names))
        except ChannelError:
            continue
        is_written = True
        try:
            reader.get("key")
        except ChannelError:
            return True
    return False if is_written else None
