"""Report on the packages that are installed here, with tasks that share a typed channel.

Three collectors run at the same time. Each reads the metadata of a third of the packages and
appends one record per package to a list in the channel. Another task tries to append a record that
does not fit the schema. The last one reads the list and sums it up.

The caller chooses where the data are kept and where the tasks run; nothing here depends on it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Executor
from importlib.metadata import Distribution, distributions
from typing import TypedDict

from graflow import parallel, task, workflow
from graflow.channels.base import Channel
from graflow.core.context import TaskExecutionContext
from graflow.exceptions import ChannelValidationError

COLLECTORS = 3


class Files(TypedDict):
    """The files of a package."""

    count: int
    bytes: int


class Package(TypedDict):
    """The record of one package."""

    name: str
    version: str
    licence: str
    dependencies: int
    files: Files


class Report(TypedDict):
    """The sum of all records."""

    packages: int
    files: int
    bytes: int
    dependencies: int
    largest: list[str]
    licences: dict[str, int]
    refused: str


@task(inject_context=True)
def collect(ctx: TaskExecutionContext, share: int) -> int:
    """Append a record of every third package, and return how many there were."""
    channel = ctx.get_typed_channel(Package)
    installed = sorted(distributions(), key=lambda found: found.name)
    records = [describe(found) for found in installed[share::COLLECTORS]]
    for record in records:
        channel.append("packages", record)
    return len(records)


@task(inject_context=True)
def try_a_bad_record(ctx: TaskExecutionContext) -> str:
    """Try to append a record that does not fit, and return the channel's error."""
    files = {"count": 12, "bytes": "3 MB"}
    elsewhere = json.dumps(
        {"name": "bad", "version": "1.0", "licence": "MIT", "dependencies": 0, "files": files}
    )
    try:
        ctx.get_typed_channel(Package).append("packages", json.loads(elsewhere))
    except ChannelValidationError as error:
        return "; ".join(map(str, error.errors))
    raise AssertionError("the channel accepted a record that does not fit")


@task(inject_context=True)
def summarise(ctx: TaskExecutionContext) -> Report:
    """Read and validate all records, and sum them up."""
    packages = ctx.get_typed_channel(Package).get_list("packages")
    by_size = sorted(packages, key=lambda package: (-package["files"]["bytes"], package["name"]))
    licences = Counter(package["licence"] for package in packages)
    return {
        "packages": len(packages),
        "files": sum(package["files"]["count"] for package in packages),
        "bytes": sum(package["files"]["bytes"] for package in packages),
        "dependencies": sum(package["dependencies"] for package in packages),
        "largest": [package["name"] for package in by_size[:3]],
        "licences": dict(sorted(licences.items(), key=lambda item: (-item[1], item[0]))),
        "refused": ctx.get_result(try_a_bad_record),
    }


def report(channel: Channel, executor: Callable[[], Executor] | None = None) -> Report:
    """Run the workflow with its data in `channel`, on threads or on what `executor` makes."""
    with workflow("package_report", channel=channel) as wf:
        collectors = [collect(task_id=f"collect_{n}", share=n) for n in range(COLLECTORS)]
        parallel(*collectors) >> try_a_bad_record >> summarise
        _, ctx = wf.execute(ret_context=True, executor=executor)
        return ctx.get_result(summarise)


def describe(found: Distribution) -> Package:
    """Return the record of one package."""
    sizes = [file.size or 0 for file in found.files or ()]
    return {
        "name": found.name,
        "version": found.version,
        "licence": licence_of(found),
        "dependencies": len(found.requires or ()),
        "files": {"count": len(sizes), "bytes": sum(sizes)},
    }


def licence_of(found: Distribution) -> str:
    """Return a package's licence, from its own field or, in older packages, a classifier."""
    if "License-Expression" in found.metadata:
        return found.metadata["License-Expression"]
    classifiers = found.metadata.get_all("Classifier") or []
    names = [line.split(" :: ")[-1] for line in classifiers if line.startswith("License")]
    return ", ".join(names) or "not stated"
