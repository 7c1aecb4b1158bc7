"""Records: tables on a terminal, lines with tabs or JSON elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from graflow.command.output.json_text import cell, json_of, plain_json

__all__ = ["on_terminal", "show_lines", "show_records", "show_value", "text_of", "write"]


_WIDE: Final = 100  # columns of a terminal on which the ids of runs have room
_STYLES: Final = {
    **dict.fromkeys(("finished", "ok"), "green"),
    **dict.fromkeys(("failed", "dead", "bad"), "red"),
    "running": "cyan",
    "retrying": "yellow",
}


def on_terminal() -> bool:
    """Tell whether somebody reads the output on a terminal."""
    return sys.stdout.isatty()


def write(line: str) -> None:
    """Write a line."""
    sys.stdout.write(f"{line}\n")


def show_lines(lines: Iterable[str], *, as_json: bool = False) -> int:
    """Write texts as they come, one a line, and return how many there were."""
    written = plain_json if as_json else cell
    count = 0
    for count, line in enumerate(lines, start=1):
        write(written(line))
        if count == 1:
            sys.stdout.flush()  # whoever reads can begin
    return count


def show_records(
    columns: Sequence[str], rows: Iterable[Mapping[str, Any]], *, as_json: bool = False
) -> int:
    """Write records, and return how many there were.

    Args:
        columns: The names of what a record has, in the order of columns.
        rows: The records: text, numbers, times, and `None` for what is not known.
        as_json: Whether each is a line of JSON.
    """
    if not as_json and on_terminal():
        return _show_table(columns, list(rows))
    count = 0
    for count, row in enumerate(rows, start=1):  # noqa: B007
        if as_json:
            write(plain_json({name: _data(row[name]) for name in columns}))
        else:
            write("\t".join(text_of(row[name]) for name in columns))
    return count


def show_value(value: object, *, as_json: bool = False) -> None:
    """Write a value: in colours over several lines on a terminal, else in one line of JSON."""
    text = json_of(value)
    if as_json or not on_terminal():
        write(text)
        return
    from rich.console import Console  # noqa: PLC0415 - slow to import

    Console(soft_wrap=True).print_json(text)


def text_of(value: object) -> str:
    """Return a part of a record as text, for programs."""
    match value:
        case None:
            return ""
        case str():
            return cell(value) if value else ""
        case datetime():
            return value.isoformat(timespec="milliseconds")
        case float():
            return f"{value:.3f}"
    return str(value)


def _data(value: object) -> object:
    return value.isoformat(timespec="milliseconds") if isinstance(value, datetime) else value


def _show_table(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> int:
    from rich.box import SIMPLE_HEAD  # noqa: PLC0415 - slow to import
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    if not rows:
        return 0
    console = Console(emoji=False, highlight=False)
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for name in columns:
        values = [row[name] for row in rows]
        are_times = any(isinstance(value, datetime) for value in values)
        table.add_column(
            name.replace("_", " ") + " (UTC)" * are_times,
            justify="right" if all(map(_is_number, values)) else "left",
            overflow="fold",
            no_wrap=are_times or (name.endswith("_id") and console.width >= _WIDE),
        )
    for row in rows:
        table.add_row(*(Text(_shown(row[name]), style=_style(row[name])) for name in columns))
    console.print(table)
    return len(rows)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | None)


def _shown(value: object) -> str:
    """Return a part of a record as people read it."""
    match value:
        case datetime():
            return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
        case bool() | None:
            return text_of(value)
        case int():
            return f"{value:,}"
        case float():
            return f"{value:,.3f}"
    return text_of(value)


def _style(value: object) -> str:
    return _STYLES.get(value, "") if isinstance(value, str) else ""
