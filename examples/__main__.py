"""The demo: survey the world's airports, and see what graflow does on the way.

`make demo` runs it. It shows the workflow, runs it, offers the channel a bad record, kills a run
and lets another process go on with it, and compares the reports from three backends.
"""

from __future__ import annotations

import json
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from rich.console import Console
from rich.table import Table

from examples import airports, resumed
from examples.airports import Report, Survey, survey_of_the_world
from graflow import Channel, ChannelValidationError, MemoryChannel, RedisChannel, SQLiteChannel

console = Console(highlight=False, soft_wrap=True)


def main() -> int:
    """Tell what happens while it happens; return 0 if all reports are equal."""
    console.print(f"The demo is {__file__},\nand its workflow is in {airports.__file__}.")

    heading("The workflow: the tasks of a line can run at the same time")
    console.print(str(survey_of_the_world().graph()), markup=False)

    heading("It runs on threads, with its data in memory")
    channel = MemoryChannel("airports")
    in_memory: Report = survey_of_the_world(channel).execute(progress=True)
    console.print(table_of(in_memory))

    heading("A record that does not fit its type is refused, and the error says where")
    offer_a_bad_record(channel)

    heading("A run is killed in the middle, and another process goes on with it")
    with tempfile.TemporaryDirectory() as folder:
        story = resumed.play(Path(folder))
    console.print(f"ended before the kill:  {', '.join(story.before)}")
    console.print(f"ended after it:         {', '.join(story.after)}")

    heading("The same tasks on every backend")
    reports = {
        "threads, in memory": in_memory,
        "killed and resumed, in an SQLite file": story.report,
        "three processes, in an SQLite file": on_processes(),
        "threads, on a Valkey server": on_a_server(),
    }
    for title, report in reports.items():
        largest = report["regions"][0]
        console.print(
            f"{title:38} {report['airports']:,} airports in {len(report['regions'])} regions, "
            f"most in {largest['name']}: {largest['airports']:,}"
        )
    are_equal = all(report == in_memory for report in reports.values())
    console.print("All reports are", "equal." if are_equal else "NOT equal.")
    return int(not are_equal)


def heading(text: str) -> None:
    """Say what comes next."""
    console.print(f"\n[bold]{text}[/bold]")


def offer_a_bad_record(channel: Channel) -> None:
    """Try to append what some other program might send, and print why the channel refuses it."""
    sent = """{
        "name": "Atlantis", "airports": 1, "countries": 1,
        "highest": {"name": "Poseidon", "country": "AT", "elevation": "-3 m", "latitude": 31},
        "northernmost": {"name": "Triton", "country": "Atlantis", "elevation": -3, "latitude": 310}
    }"""
    try:
        channel.of(Survey).append(Survey.regions, json.loads(sent))
    except ChannelValidationError as error:
        for field in error.errors:
            console.print(str(field), markup=False)


def on_processes() -> Report:
    """Run the tasks in three processes that share a file."""
    with SQLiteChannel.temporary("airports") as channel:
        processes = partial(ProcessPoolExecutor, 3, get_context("spawn"))
        report: Report = survey_of_the_world(channel).execute(executor=processes)
    return report


def on_a_server() -> Report:
    """Start a server, and keep the data there."""
    with RedisChannel.embedded(name="airports") as channel:
        report: Report = survey_of_the_world(channel).execute()
    return report


def table_of(report: Report) -> Table:
    """Return a table with a row for each region."""
    table = Table("region", "airports", "highest", "metres", "northernmost", "latitude")
    for region in report["regions"]:
        high, north = region["highest"], region["northernmost"]
        table.add_row(
            region["name"],
            f"{region['airports']:,}",
            high["name"].removesuffix(" Airport"),
            f"{high['elevation']:,.0f}",
            north["name"].removesuffix(" Airport"),
            f"{north['latitude']:.1f}",
        )
    return table


if __name__ == "__main__":
    sys.exit(main())
