"""Run the package report in memory, then on a real server, and compare."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.table import Table

from examples.package_report import Report, report
from graflow.channels.memory_channel import MemoryChannel
from graflow.channels.redis_channel import RedisChannel


def main() -> int:
    """Print both reports side by side; return 0 if they are equal."""
    in_memory = report(MemoryChannel("demo"))
    with RedisChannel.embedded(name="demo") as channel:
        on_server = report(channel)
    Console().print(side_by_side(in_memory, on_server))
    print("The two reports are", "equal." if in_memory == on_server else "NOT equal.")
    return int(in_memory != on_server)


def side_by_side(in_memory: Report, on_server: Report) -> Table:
    """Return a table with a row for each part of the reports."""
    table = Table("", "in memory", "on a Valkey server", title="Packages installed here")
    ours, theirs = as_text(in_memory), as_text(on_server)
    for name, text in ours.items():
        table.add_row(name, text, theirs[name])
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
