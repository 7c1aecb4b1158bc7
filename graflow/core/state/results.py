"""Task results in a run's channel: the latest one, for everybody, and the run's own."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from graflow.channels.arguments import check_key
from graflow.channels.base import Channel
from graflow.channels.codec.codec import Record
from graflow.channels.codec.digests import digest_of
from graflow.channels.commits.commit import Put
from graflow.channels.contents.change_log import Contents
from graflow.channels.hidden_keys import HiddenKey, run_prefix, stored_key, visible_keys
from graflow.channels.operation.told_errors import blame
from graflow.core.task.hint import Hint
from graflow.core.task.result_key import SUFFIX, result_key
from graflow.exceptions import ChannelError

__all__ = ["Results", "digest_of_result", "is_result", "mark_key"]

_DIGITS = 16  # of a digest; so many that no two results of a run share them by chance
_AT_ONCE = 100  # results whose digests are asked for in one step


def is_result(stored: str) -> bool:
    """Tell whether a key as it is stored is that of a result."""
    return stored.endswith(SUFFIX)


def mark_key(run_id: str, task_id: str) -> str:
    """Return the key, as it is stored, of the mark that an atomic task of a run is done."""
    return f"{run_prefix(run_id)}{task_id}.__done__"


def digest_of_result(record: Record) -> str:
    """Return the digest of a result, as checkpoints have it: 16 hex digits."""
    return digest_of(record)[:_DIGITS]


class Results:
    """The results of one run.

    Each is stored under the key that users know, where a later run may replace it. If runs share
    the channel, it is also stored in the same step under a hidden key of the run, and that is the
    one that the run reads.
    """

    def __init__(self, channel: Channel, run_id: str | None, lifetime: int | None = None) -> None:
        """Manage the results of a run.

        Args:
            channel: The channel of the run.
            run_id: The id of the run; `None` if there are no other runs on the channel.
            lifetime: ms that results under hidden keys last; `None` for ever.
        """
        self._channel = channel
        self._run_id = run_id
        self._prefix = "" if run_id is None else run_prefix(run_id)
        self._lifetime = lifetime

    @property
    def is_alone(self) -> bool:
        """Whether there are no other runs on the channel."""
        return self._run_id is None

    @property
    def lifetime(self) -> int | None:
        """Ms that the run's own results last; `None` for ever."""
        return self._lifetime

    @property
    def prefix(self) -> str:
        """What the stored keys of the run's own results begin with; empty if it is alone."""
        return self._prefix

    def on(self, channel: Channel, lifetime: int | None = None) -> Results:
        """Return the same results on another handle, and how long they last from now on."""
        return Results(channel, self._run_id, lifetime or self._lifetime)

    def key(self, task_id: str) -> str:
        """Return the key of this run's result of a task, for any operation of the channel."""
        key = result_key(task_id)
        return HiddenKey(self._prefix + key) if self._prefix else key

    def stored_keys(self, task_ids: Iterable[str]) -> list[str]:
        """Return the keys of this run's results of tasks, as they are stored."""
        keys = map(result_key, task_ids)
        return [self._prefix + key if self._prefix else check_key(key) for key in keys]

    def keep(self, task_id: str, value: object, hint: Hint) -> Record:
        """Store what a task returned, and return the record that was stored.

        Raises:
            ChannelError: The value does not fit the annotation, or can't be stored; nothing
                changed.
        """
        key = result_key(task_id)
        latest = check_key(key)
        try:
            record = hint.dump(value)
        except ChannelError as error:
            blame(error, self._channel.name, latest)
        backend = self._channel.backend
        if not self._prefix:
            backend.put(latest, record, None)
        else:
            again = record if isinstance(record, bytes) else record.copy()
            mine = Put(self._prefix + key, again, self._lifetime)
            backend.commit((), (Put(latest, record), mine))
        return record

    def load(self, task_id: str, hint: Hint, default: object) -> Any:
        """Return the run's result of a task, or `default` if there is none.

        Raises:
            ChannelValidationError: What is stored does not fit the annotation.
        """
        return hint.read(self._channel, self.key(task_id), default)

    def digests(self, task_ids: Iterable[str]) -> Iterator[str | None]:
        """Yield the digest of the result of each task; `None` if it is not there."""
        keys = self.stored_keys(task_ids)
        for first in range(0, len(keys), _AT_ONCE):
            for digest in self._channel.backend.digests(keys[first : first + _AT_ONCE]):
                yield None if digest is None else digest[:_DIGITS]

    def forget(self, task_id: str) -> None:
        """Remove the run's result of a task, if it has one."""
        self._channel.delete(self.key(task_id))

    def tasks(self) -> list[str]:
        """Return the ids of the tasks whose results are there, sorted."""
        keys = self._channel.backend.keys() if self._prefix else self._channel.keys()
        size = len(self._prefix)
        return sorted(
            key[size:].removesuffix(SUFFIX)
            for key in keys
            if key.startswith(self._prefix) and key.endswith(SUFFIX)
        )

    def given(self, values: Mapping[Any, object]) -> Mapping[Any, object]:
        """Return initial values of the channel; results among them become the run's own, too."""
        mine = {
            self.key(key.removesuffix(SUFFIX)): value
            for key, value in values.items()
            if self._prefix and isinstance(key, str) and key.endswith(SUFFIX)
        }
        return {**values, **mine}

    def adopt(self, contents: Contents, finished: Collection[str]) -> Contents:
        """Return the contents of a checkpoint, with the results in it as the run's own.

        If tasks have `finished` but there is no key of the run, it was alone on its channel and
        stored its results under the visible keys only.
        """
        apart = any(key.startswith(self._prefix) for key in contents)
        if apart or not finished:
            return contents
        mine: Contents = {}
        for key in visible_keys(contents):
            if key.endswith(SUFFIX):
                data, expires = contents[stored_key(key)]
                mine[self._prefix + key] = data if isinstance(data, bytes) else list(data), expires
        return contents | mine
