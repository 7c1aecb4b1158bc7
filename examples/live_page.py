"""A web page that starts runs and shows their progress as it happens.

A form takes a text, and a run counts its words. The run's page gets its events by server-sent
events, and another page reads what the tasks have stored, by its type. `python -m
examples.live_page` serves it on http://127.0.0.1:8000; needs starlette and uvicorn.

The run belongs to the program and not to a request: a task in the background consumes its stream,
and each browser follows what that has noted. One that goes away ends nothing; one that comes back
sees everything from the start.

Without further ado all is kept in memory. With GRAFLOW_URL=redis://host:6379/0 it is on a server.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import aclosing, suppress
from html import escape
from socket import socket
from typing import Any, TypedDict
from urllib.parse import parse_qs
from uuid import uuid4

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from graflow import (
    Channel,
    Emitted,
    GraflowError,
    MemoryChannel,
    RedisChannel,
    RunEnded,
    TaskExecutionContext,
    TaskFinished,
    TypedChannel,
    Workflow,
    parallel,
    task,
    workflow,
)

COUNTERS = 3


class Count(TypedDict):
    """What the second page reads."""

    lines: int
    words: dict[str, int]


@task(inject_context=True)
async def count(ctx: TaskExecutionContext, lines: list[str], pause: float) -> dict[str, int]:
    """Count the words of some lines, and tell of each line."""
    found: Counter[str] = Counter()
    for line in lines:
        await asyncio.sleep(pause)  # stands for a slow service
        found.update(line.split())
        await ctx.aemit(line)
    return dict(found)


@task(inject_context=True)
def add_up(ctx: TaskExecutionContext, size: int) -> int:
    """Store the sum of all counts; this runs in a thread, and may wait for a server."""
    words: Counter[str] = Counter()
    for number in range(COUNTERS):
        words.update(ctx.get_result(f"count_{number}"))
    ctx.get_typed_channel(Count).set(
        f"count of {ctx.run_id}", {"lines": size, "words": dict(words)}
    )
    return words.total()


def counting(channel: Channel, lines: list[str], pause: float) -> Workflow:
    """Return a workflow that counts the words of a text."""
    with workflow("count", channel=channel) as wf:
        shares = [
            count(task_id=f"count_{number}", lines=lines[number::COUNTERS], pause=pause)
            for number in range(COUNTERS)
        ]
        parallel(*shares) >> add_up(size=len(lines))
    return wf


class Progress:
    """What has happened in a run so far, for any number of browsers that follow it."""

    def __init__(self) -> None:
        self._lines: list[dict[str, Any]] = []
        self._is_over = False
        self._news = asyncio.Condition()

    async def note(self, line: dict[str, Any], *, is_last: bool = False) -> None:
        """Note something, and tell all who follow."""
        async with self._news:
            self._lines.append(line)
            self._is_over |= is_last
            self._news.notify_all()

    async def follow(self, start: int = 0) -> AsyncIterator[tuple[int, dict[str, Any]]]:
        """Yield what has been noted from a number on, and what will be, until the run is over."""
        while True:
            for number in range(start, len(self._lines)):
                yield number, self._lines[number]
                start = number + 1
            if self._is_over:
                return
            async with self._news:
                while start == len(self._lines) and not self._is_over:
                    await self._news.wait()


class Runs:
    """The runs that this program has begun."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.progress: dict[str, Progress] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, text: str, pause: float) -> str:
        """Begin a run in the background, and return its id."""
        run_id = uuid4().hex
        self.progress[run_id] = Progress()
        wf = counting(self.channel, text.splitlines(), pause)
        running = asyncio.create_task(self._run(wf, run_id))
        self._tasks.add(running)
        running.add_done_callback(self._tasks.discard)
        return run_id

    async def _run(self, wf: Workflow, run_id: str) -> None:
        progress = self.progress[run_id]
        try:
            async with aclosing(wf.astream(run_id=run_id)) as events:
                async for event in events:
                    match event:
                        case Emitted(task_id=name, value=line):
                            await progress.note({"task": name, "line": line})
                        case TaskFinished(task_id=name):
                            await progress.note({"task": name, "done": True})
                        case RunEnded(result=total):
                            await progress.note({"total": total}, is_last=True)
                        case _:
                            pass
        except GraflowError as error:
            await progress.note({"error": str(error)}, is_last=True)
        except asyncio.CancelledError:
            await progress.note({"error": "the program has ended"}, is_last=True)
            raise

    async def stop(self) -> None:
        """Cancel what is still running; its tasks have ended when this returns."""
        for running in self._tasks:
            running.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def page(title: str, body: str) -> HTMLResponse:
    """Return a page."""
    return HTMLResponse(f"<!doctype html><title>{title}</title><h1>{title}</h1>{body}")


async def form(request: Request) -> Response:
    """Show the form."""
    return page(
        "Count words",
        '<form method="post" action="/runs"><textarea name="text" rows="8" cols="60"></textarea>'
        '<p><label>Seconds for a line: <input name="pause" value="0.5"></label></p>'
        "<p><button>Count</button></p></form>",
    )


async def begin(request: Request) -> Response:
    """Begin a run, and lead to its page."""
    fields = parse_qs((await request.body()).decode())
    runs: Runs = request.app.state.runs
    run_id = runs.begin(fields.get("text", [""])[0], float(fields.get("pause", ["0.5"])[0]))
    return RedirectResponse(f"/runs/{run_id}", status_code=303)


async def show(request: Request) -> Response:
    """Show the progress of a run: a list to which the browser adds what it is sent."""
    run_id = request.path_params["run_id"]
    if run_id not in request.app.state.runs.progress:
        return Response("there is no such run", status_code=404)
    script = (
        f'const source = new EventSource("/runs/{run_id}/events");'
        "source.onmessage = message => {"
        '  const line = document.createElement("li"); line.textContent = message.data;'
        '  document.getElementById("events").append(line);'
        "};"
        'source.addEventListener("over", () => source.close());'
    )
    return page(
        "A run",
        f'<ul id="events"></ul><p><a href="/runs/{run_id}/count">What it has stored</a></p>'
        f"<script>{script}</script>",
    )


async def events(request: Request) -> Response:
    """Send the events of a run; a browser that lost the connection says where it was."""
    progress = request.app.state.runs.progress.get(request.path_params["run_id"])
    if progress is None:
        return Response("there is no such run", status_code=404)
    start = int(request.headers.get("last-event-id", "-1")) + 1
    return StreamingResponse(_messages(progress, start), media_type="text/event-stream")


async def _messages(progress: Progress, start: int) -> AsyncIterator[str]:
    async for number, line in progress.follow(start):
        yield f"id: {number}\ndata: {json.dumps(line)}\n\n"
    yield "event: over\ndata:\n\n"


async def stored(request: Request) -> Response:
    """Show what a run has stored; other requests go on while this waits for the server."""
    counts = TypedChannel(request.app.state.runs.channel, Count).aio
    found = await counts.get(f"count of {request.path_params['run_id']}", None)
    if found is None:
        return Response("nothing is stored yet", status_code=404)
    words = sorted(found["words"].items(), key=lambda each: (-each[1], each[0]))
    rows = "".join(f"<tr><td>{escape(word)}</td><td>{times}</td></tr>" for word, times in words)
    return page(f"Words in {found['lines']} lines", f"<table>{rows}</table>")


def application(runs: Runs) -> Starlette:
    """Return the pages."""
    routes = [
        Route("/", form),
        Route("/runs", begin, methods=["POST"]),
        Route("/runs/{run_id}", show),
        Route("/runs/{run_id}/events", events),
        Route("/runs/{run_id}/count", stored),
    ]
    app = Starlette(routes=routes)
    app.state.runs = runs
    return app


class Server(uvicorn.Server):
    """A server that ends the runs first, so that no browser has to wait for them."""

    def __init__(self, runs: Runs, port: int) -> None:
        super().__init__(uvicorn.Config(application(runs), port=port))
        self._runs = runs

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        """End the runs, whose followers are told, and then everything else."""
        await self._runs.stop()
        await super().shutdown(sockets)


def main() -> None:
    """Serve the pages until Ctrl-C."""
    url = os.environ.get("GRAFLOW_URL")
    channel = RedisChannel("live page", url=url) if url else MemoryChannel("live page")
    port = int(os.environ.get("PORT", "8000"))
    with suppress(KeyboardInterrupt):  # which uvicorn passes on once it has ended
        Server(Runs(channel), port).run()


if __name__ == "__main__":
    main()
