"""Run the package report in memory, on processes that share a file, and on a server; compare."""

from __future__ import annotations

import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context

from rich.console import Console
from rich.table import Table

from examples.package_report import Report, report
from graflow import MemoryChannel, RedisChannel, SQLiteChannel


def main() -> int:
    """Print the three reports side by side; return 0 if they are equal."""
    in_memory = report(MemoryChannel("demo"))
    with SQLiteChannel.temporary("demo") as channel:
        in_a_file = report(channel, partial(ProcessPoolExecutor, 3, get_context("spawn")))
    with RedisChannel.embedded(name="demo") as channel:
        on_a_server = report(channel)
    reports = {
        "threads,\nin memory": in_memory,
        "processes,\nin an SQLite file": in_a_file,
        "threads,\non a Valkey server": on_a_server,
    }
    Console().print(side_by_side(reports))
    are_equal = in_memory == in_a_file == on_a_server
    print("The three reports are", "equal." if are_equal else "NOT equal.")
    return int(not are_equal)


def side_by_side(reports: dict[str, Report]) -> Table:
    """Return a table with a column for each report, and a row for each part of it."""
    table = Table("", *reports, title="Packages installed here")
    columns = [as_text(report) for report in reports.values()]
    for name in columns[0]:
        table.add_row(name, *(column[name] for column in columns))
    return table


def as_text(report: Report) -> dict[str, str]:
    """Return each part of a report as it is shown."""
    return {
        "packages": f"{report['packages']:,}",
        "files": f"{report['files']:,}",
        "bytes": f"{report['bytes']:,}",
        "dependencies": f"{report['dependencies']:,}",
        "largest": "\n".join(report["largest"]),
        "licences": "\n".join(f"{count} {name}" for name, count in report["licences"].items()),
        "refused": report["refused"],
    }


if __name__ == "__main__":
    sys.exit(main())
