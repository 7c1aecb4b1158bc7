"""`Answers`: which path of the page is answered with what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from http import HTTPStatus
from typing import Any, Final

from graflow.channels.base import Channel
from graflow.core.history.task_history import TaskHistory
from graflow.core.registry.stored_history import run_history
from graflow.exceptions import (
    ChannelConnectionError,
    ChannelTimeoutError,
    GraflowError,
    RunNotFoundError,
)
from graflow.ui.answers.declared import DeclaredNames
from graflow.ui.answers.followed_run import FollowedRun, milliseconds
from graflow.ui.answers.key_pages import KeyListing
from graflow.ui.answers.listed_runs import ListedRuns
from graflow.ui.answers.origin import Origin
from graflow.ui.answers.recent import Recent
from graflow.ui.answers.values import rows_of, value_of
from graflow.ui.server.answer import Answer, RefusedRequest, json_answer
from graflow.ui.server.assets import asset

__all__ = ["Answers"]

Query = Mapping[str, str]

_KEYS: Final = 100  # of one page


class Answers:
    """Whatever a page can ask for; nothing of it changes anything."""

    def __init__(
        self, origin: Origin, declared: DeclaredNames | None, about: dict[str, Any]
    ) -> None:
        """Take the channels, what is known of their keys, and what is told of the page."""
        self._origin, self._declared, self._about = origin, declared, about
        self._runs: Recent[ListedRuns] = Recent()
        self._followed: Recent[FollowedRun] = Recent()
        self._listings: Recent[KeyListing] = Recent()
        self._routes: dict[str, Callable[[Query], Answer]] = {
            "/api/about": self._tell_about,
            "/api/channels": self._channels,
            "/api/runs": self._list_runs,
            "/api/run": self._run,
            "/api/task": self._task,
            "/api/picture": self._picture,
            "/api/keys": self._keys,
            "/api/value": self._value,
        }

    def respond(self, path: str, query: Query) -> Answer:
        """Answer a path with its parameters.

        Raises:
            RefusedRequest: There is no such thing, or it can't be read now.
        """
        route = self._routes.get(path)
        if route is None:
            found = asset("index.html" if path == "/" else path.removeprefix("/"))
            if found is None:
                raise RefusedRequest(HTTPStatus.NOT_FOUND, "There is no such page.")
            return found
        try:
            return route(query)
        except RunNotFoundError as error:
            raise RefusedRequest(HTTPStatus.NOT_FOUND, str(error)) from error
        except (ChannelConnectionError, ChannelTimeoutError) as error:
            raise RefusedRequest(HTTPStatus.SERVICE_UNAVAILABLE, str(error)) from error
        except GraflowError as error:
            raise RefusedRequest(HTTPStatus.INTERNAL_SERVER_ERROR, str(error)) from error

    def _tell_about(self, query: Query) -> Answer:
        return json_answer(self._about)

    def _channels(self, query: Query) -> Answer:
        return json_answer({"channels": list(self._origin.names())})

    def _list_runs(self, query: Query) -> Answer:
        channel = self._channel(query)
        listed = self._runs.get_or_make(channel.name, lambda: ListedRuns(channel))
        return json_answer(listed.latest())

    def _run(self, query: Query) -> Answer:
        run = self._follow(query)
        return json_answer(run.changes(query.get("epoch", ""), _number(query, "since")))

    def _picture(self, query: Query) -> Answer:
        return Answer(self._follow(query).picture().encode(), "image/svg+xml")

    def _task(self, query: Query) -> Answer:
        history = self._follow(query).history()
        task = history.tasks.get(query.get("task", ""))
        if task is None:
            raise RefusedRequest(HTTPStatus.NOT_FOUND, "This run has no such task.")
        node = next(node for node in history.graph.nodes if node.task_id == task.task_id)
        more = {"after": list(node.after[:200]), "waits_for": len(node.after), "doc": node.doc}
        return json_answer(_told(task) | more | {"most": node.max_retries + 1})

    def _keys(self, query: Query) -> Answer:
        channel = self._channel(query)
        prefix, first = query.get("prefix", ""), _number(query, "first")
        listing = self._listings.get_or_make(
            f"{len(prefix)} {prefix} {channel.name}",
            lambda: KeyListing(partial(channel.iter_keys, prefix)),
        )
        page = listing.page(first, _KEYS)
        rows = rows_of(channel.backend, page.keys, self._declared)
        known = {"total": page.total, "size": _KEYS, "first": first}
        return json_answer({"keys": rows, "read": len(page.keys)} | known)

    def _value(self, query: Query) -> Answer:
        found = value_of(self._channel(query).backend, query.get("key", ""), self._declared)
        if found is None:
            raise RefusedRequest(HTTPStatus.NOT_FOUND, "There is no such key any more.")
        return json_answer(found)

    def _channel(self, query: Query) -> Channel:
        try:
            return self._origin.channel(query.get("channel", ""))
        except KeyError:
            raise RefusedRequest(HTTPStatus.NOT_FOUND, "There is no such channel.") from None

    def _follow(self, query: Query) -> FollowedRun:
        channel, run_id = self._channel(query), query.get("run", "")
        return self._followed.get_or_make(
            f"{len(run_id)} {run_id} {channel.name}",
            lambda: FollowedRun(partial(run_history, channel, run_id)),
        )


def _number(query: Query, name: str) -> int:
    text = query.get(name, "0")
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise RefusedRequest(HTTPStatus.BAD_REQUEST, f"{name} must be a number.")
    return int(text)


def _told(task: TaskHistory) -> dict[str, Any]:
    return {
        "id": task.task_id,
        "state": task.state,
        "attempts": task.attempts,
        "started": milliseconds(task.started),
        "ended": milliseconds(task.ended),
        "error": task.error,
        "traceback": task.traceback,
    }
