"""Checkpoints: what a run has done so far, in a file from which it can be resumed.

docs/checkpoints.md describes the file. It is only ever read as JSON, so a file from a stranger
can't run code.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple, NotRequired
from zlib import crc32

from pydantic import ConfigDict, TypeAdapter, ValidationError, with_config
from pydantic_core import from_json, to_json
from typing_extensions import TypedDict

from graflow.channels.base import Channel
from graflow.channels.codec.codec import decode, encode_item
from graflow.channels.commits.settling import Ends
from graflow.channels.contents.change_log import Change, Changes, Contents, replay
from graflow.core.checkpoint.checkpoint_files import check_path, file_errors, read
from graflow.exceptions import CheckpointDamagedError, CheckpointVersionError

__all__ = [
    "VERSION",
    "ChannelAddress",
    "Checkpoint",
    "FinishedTask",
    "address_of",
    "read_checkpoint",
]

VERSION = 3
"""The version of the file's format; 1 had no digests, and 2 did not say that a run has ended."""

_STRICT = ConfigDict(extra="forbid", strict=True)


@with_config(_STRICT)
class ChannelAddress(TypedDict):
    """The address of a run's channel: where its keys are stored.

    Attributes:
        kind: `memory` if the checkpoint contains them, else the class of the channel.
        name: The channel's name.
        server: The address of its server, without user and password; empty if none is known.
    """

    kind: str
    name: str
    server: str


@with_config(_STRICT)
class Header(TypedDict):
    """The first record."""

    format: Literal["graflow checkpoint"]
    version: int
    workflow: str
    run_id: str
    graph: str
    start: str | None
    channel: ChannelAddress


@with_config(_STRICT)
class ChangedKey(TypedDict):
    """A change of a key, which holds a value or items now, or a changed list, or is gone."""

    key: str
    value: NotRequired[str]
    items: NotRequired[list[str]]
    dropped: NotRequired[int]
    head: NotRequired[list[str]]
    tail: NotRequired[list[str]]
    expires: NotRequired[int]


@with_config(_STRICT)
class JournalEntry(TypedDict):
    """Any other record: the tasks that finished, and the changes in a memory channel."""

    finished: list[str]
    ended: NotRequired[bool]
    metadata: NotRequired[dict[str, str]]
    digests: NotRequired[dict[str, str]]
    cleared: NotRequired[bool]
    keys: NotRequired[list[ChangedKey]]


class FinishedTask(NamedTuple):
    """What a checkpoint says of a task that has finished.

    Attributes:
        metadata: What it passed to `ctx.checkpoint`, encoded; `None` if it passed nothing.
        digest: That of its result, if a server holds it.
    """

    metadata: bytes | None = None
    digest: str | None = None


@dataclass(frozen=True)
class Checkpoint:
    """The contents of a checkpoint.

    Attributes:
        workflow: The workflow's name.
        run_id: The id of the run, which it keeps when it is resumed.
        graph: The fingerprint of the workflow's graph.
        start: The id of the task that the run started at; `None` if it runs everything.
        channel: Where the channel stores its keys.
        finished: The ids of the tasks that finished, in that order.
        is_finished: Whether the run came to its end, and no task failed; then `Workflow.run` starts
            a new one. Files of graflow's earlier formats don't tell, so it is `False` there.
        metadata: What tasks passed to `ctx.checkpoint`, by task id.
        contents: The contents of a channel in memory, encoded, by key.
        digests: Those of the results on a server, by task id.
    """

    workflow: str
    run_id: str
    graph: str
    start: str | None
    channel: ChannelAddress
    finished: tuple[str, ...]
    is_finished: bool
    metadata: dict[str, dict[str, Any]]
    contents: Contents = field(repr=False)
    digests: dict[str, str] = field(repr=False)

    def finished_tasks(self) -> dict[str, FinishedTask]:
        """Return what is known of the tasks that finished, by id."""
        return {
            task: FinishedTask(
                encode_item(self.metadata[task]) if task in self.metadata else None,
                self.digests.get(task),
            )
            for task in self.finished
        }


def address_of(channel: Channel) -> ChannelAddress:
    """Return the address of a channel."""
    if not channel.shared:
        return {"kind": "memory", "name": channel.name, "server": ""}
    return {"kind": type(channel).__name__, "name": channel.name, "server": channel.backend.server}


def read_checkpoint(path: str | os.PathLike[str]) -> Checkpoint:
    """Read what a run saved with `execute(checkpoint=path)`, without running or changing anything.

    Raises:
        CheckpointDamagedError: The file is not a checkpoint, or was altered since it was
            written. An incomplete last line does not count as damage; it is ignored.
        CheckpointVersionError: A newer version of graflow wrote it.
        CheckpointFileError: The file does not exist, or can't be read.
        WorkflowTypeError, WorkflowValueError: The path can't be that of a file.
    """
    check_path(path)
    with file_errors(path):
        data = read(path)
    file = Path(path)
    try:
        records = _records(data)
        header = _header(next(records), file)
        return _checkpoint(
            header, [_adapter(JournalEntry).validate_json(record) for record in records]
        )
    except CheckpointVersionError:
        raise
    except (ValueError, LookupError, StopIteration) as error:
        why = "it ends too early" if isinstance(error, StopIteration) else _first_line(error)
        raise CheckpointDamagedError(
            f"{file} can't be used: it is not a checkpoint, or is damaged: {why}", path=str(file)
        ) from error


def pack(record: Mapping[str, Any], sum_before: int) -> tuple[bytes, int]:
    """Return a record as a line of the file, and its checksum, seeded with the one before."""
    text = to_json(record)
    checksum = crc32(text, sum_before)
    return b'{"crc32":"%08x","record":%b}\n' % (checksum, text), checksum


def entry_of(finished: Mapping[str, FinishedTask], changes: Changes | None) -> Mapping[str, Any]:
    """Return the record of finished tasks and changes; empty fields are omitted."""
    entry: dict[str, Any] = {"finished": list(finished)}
    metadata = {task: end.metadata for task, end in finished.items() if end.metadata is not None}
    if metadata:
        entry["metadata"] = metadata
    digests = {task: end.digest for task, end in finished.items() if end.digest is not None}
    if digests:
        entry["digests"] = digests
    if changes is not None and changes.cleared:
        entry["cleared"] = True
    if changes is not None and changes.keys:
        entry["keys"] = [_packed(change) for change in changes.keys]
    return entry


def _packed(change: Change) -> dict[str, Any]:
    key, now, expires = change
    packed: dict[str, Any] = {"key": key}
    if isinstance(now, Ends):
        packed |= now._asdict()
    elif isinstance(now, bytes):
        packed["value"] = now
    elif now is not None:
        packed["items"] = now
    if expires is not None:
        packed["expires"] = expires
    return packed


def _records(data: bytes) -> Iterator[bytes]:
    """Yield the text of each record.

    Raises:
        ValueError: A line was altered since it was written.
    """
    *lines, _torn = data.split(b"\n")
    if len(lines) < 2:
        raise ValueError("its first two lines, which are written together, are missing")
    checksum = 0
    for number, line in enumerate(lines, start=1):
        text = line[29:-1]
        checksum = crc32(text, checksum)
        if line != b'{"crc32":"%08x","record":%b}' % (checksum, text):
            raise ValueError(f"line {number} does not fit its checksum")
        yield text


def _header(text: bytes, file: Path) -> Header:
    found = from_json(text)
    version = found.get("version") if isinstance(found, dict) else None
    if isinstance(version, int) and version > VERSION:
        raise CheckpointVersionError(
            f"{file} has version {version}, but this graflow only knows versions up to {VERSION}; "
            "resume it with the version of graflow that wrote it, or a newer one",
            path=str(file),
        )
    header: Header = _adapter(Header).validate_json(text)
    if header["version"] < 1:
        raise ValueError(f"version {version} is unknown")
    return header


def _checkpoint(header: Header, entries: list[JournalEntry]) -> Checkpoint:
    finished: dict[str, None] = {}
    metadata: dict[str, dict[str, Any]] = {}
    digests: dict[str, str] = {}
    for entry in entries:
        finished.update(dict.fromkeys(entry["finished"]))
        for task, text in entry.get("metadata", {}).items():
            metadata[task] = decode(text.encode())
        digests |= entry.get("digests", {})
    contents = replay(
        Changes(entry.get("cleared", False), [_unpacked(key) for key in entry.get("keys", ())])
        for entry in entries
    )
    return Checkpoint(
        header["workflow"],
        header["run_id"],
        header["graph"],
        header["start"],
        header["channel"],
        tuple(finished),
        bool(entries) and entries[-1].get("ended", False),
        metadata,
        contents,
        digests,
    )


def _unpacked(packed: ChangedKey) -> Change:
    now: bytes | list[bytes] | Ends | None = None
    if "value" in packed:
        now = packed["value"].encode()
    elif "items" in packed:
        now = [item.encode() for item in packed["items"]]
    elif "dropped" in packed:
        head, tail = packed.get("head", ()), packed.get("tail", ())
        now = Ends(
            packed["dropped"], [item.encode() for item in head], [item.encode() for item in tail]
        )
    return Change(packed["key"], now, packed.get("expires"))


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _first_line(error: Exception) -> str:
    if isinstance(error, ValidationError):
        found = error.errors(include_url=False)[0]
        return f"{'.'.join(map(str, found['loc']))}: {found['msg']}"
    return str(error).partition("\n")[0]
