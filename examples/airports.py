"""Survey the world's airports: a task for each region, a typed list of what they found, a report.

The data are those of the package airportsdata: 28,000 airports and landing strips. Each region's
task reads its rows, and appends a record to a list in the channel; the last task compares them.
`python -m examples.airports` prints the report.

The caller chooses where the data are kept and where the tasks run; nothing here depends on it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import cache
from typing import Annotated, TypedDict

import airportsdata
from pydantic import Field

from graflow import (
    Key,
    Keys,
    TaskExecutionContext,
    Workflow,
    parallel,
    task,
    workflow,
)
from graflow.core.workflow import ChannelSource

FOOT = 0.3048  # metres
REGIONS = (
    *("Africa", "America", "Antarctica", "Arctic", "Asia"),
    *("Atlantic", "Australia", "Europe", "Indian", "Pacific"),
)


class Airport(TypedDict):
    """One of the airports."""

    name: str
    country: Annotated[str, Field(pattern="^[A-Z]{2}$")]
    elevation: Annotated[float, Field(ge=-430, le=8849)]
    """Metres above the sea: from the shore of the Dead Sea to the top of Mount Everest."""
    latitude: Annotated[float, Field(ge=-90, le=90)]


class Region(TypedDict):
    """What a task has found out about its region."""

    name: str
    airports: int
    countries: int
    highest: Airport
    northernmost: Airport


class Survey(Keys):
    """What the tasks share."""

    counts = Key(dict[str, int], doc="How many airports each region has, as counted first.")
    regions = Key(list[Region], doc="What was found in each region, in the order of arrival.")


class Report(TypedDict):
    """What was found in all regions together."""

    airports: int
    regions: list[Region]
    highest: Airport
    northernmost: Airport


@task(inject_context=True)
def count(ctx: TaskExecutionContext) -> int:
    """Count the airports of each region, and return how many there are in all."""
    found = Counter(region_of(row) for row in rows())
    ctx.get_channel(Survey).set(Survey.counts, dict(found))
    return found.total()


@task(inject_context=True, atomic=True)
def survey(ctx: TaskExecutionContext, region: str) -> None:
    """Look at the airports of a region, and append what was found, in one step."""
    airports = [airport_of(row) for row in rows() if region_of(row) == region]
    ctx.get_channel(Survey).append(
        Survey.regions,
        {
            "name": region,
            "airports": len(airports),
            "countries": len({airport["country"] for airport in airports}),
            "highest": highest(airports),
            "northernmost": northernmost(airports),
        },
    )


@task(inject_context=True)
def compare(ctx: TaskExecutionContext) -> Report:
    """Put what was found together, the largest region first."""
    channel = ctx.get_channel(Survey)
    regions = sorted(channel.get(Survey.regions), key=lambda region: -region["airports"])
    assert {region["name"]: region["airports"] for region in regions} == channel.get(Survey.counts)
    return {
        "airports": ctx.get_result(count),
        "regions": regions,
        "highest": highest(region["highest"] for region in regions),
        "northernmost": northernmost(region["northernmost"] for region in regions),
    }


def survey_of_the_world(channel: ChannelSource | None = None) -> Workflow:
    """Return the workflow: it counts, surveys all regions at the same time, and compares."""
    with workflow("airports", channel=channel) as wf:
        surveys = [survey(task_id=name.lower(), region=name) for name in REGIONS]
        count >> parallel(*surveys) >> compare
    return wf


@cache
def rows() -> list[airportsdata.Airport]:
    """Return the rows of the data set."""
    return list(airportsdata.load("ICAO").values())


def region_of(row: airportsdata.Airport) -> str:
    """Return the region, which is the first part of the name of the airport's time zone."""
    return row["tz"].partition("/")[0]


def airport_of(row: airportsdata.Airport) -> Airport:
    """Return what the survey keeps of a row."""
    return {
        "name": row["name"],
        "country": row["country"],
        "elevation": round(row["elevation"] * FOOT, 1),
        "latitude": row["lat"],
    }


def highest(airports: Iterable[Airport]) -> Airport:
    """Return the airport that is highest above the sea."""
    return max(airports, key=lambda airport: airport["elevation"])


def northernmost(airports: Iterable[Airport]) -> Airport:
    """Return the airport that is nearest to the North Pole."""
    return max(airports, key=lambda airport: airport["latitude"])


if __name__ == "__main__":
    print(survey_of_the_world().execute())
