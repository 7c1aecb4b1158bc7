"""The example of a web page, over HTTP."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.core.travelling import wait_for
from tests.paths import ROOT
from tests.patience import PATIENCE
from tests.programs import attended
from tests.servers import Server

TEXT = "the owl\nand the cat\nwent to sea\nin a boat"


@contextmanager
def served(url: str | None) -> Iterator[int]:
    """Run the example, and give its port; it ends well."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {"PORT": str(port), **({"GRAFLOW_URL": url} if url else {})}
    with attended(
        subprocess.Popen(
            [sys.executable, "-X", "dev", "-m", "examples.live_page"],
            cwd=ROOT,
            env={**os.environ, **settings},
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )
    ) as process:
        wait_for(lambda: process.poll() is not None or answers(port))
        yield port
        process.send_signal(signal.SIGINT)
        _, complaints = process.communicate(timeout=PATIENCE)
    assert "Finished server process" in complaints, complaints
    assert "Traceback" not in complaints, complaints
    assert "Warning" not in complaints


def answers(port: int) -> bool:
    """Tell whether the server has begun to listen."""
    try:
        socket.create_connection(("127.0.0.1", port), PATIENCE).close()
    except ConnectionRefusedError:
        return False
    return True


@contextmanager
def asked(port: int, path: str, method: str = "GET", **given: Any) -> Iterator[HTTPResponse]:
    """Give the answer to a request."""
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request(method, path, **given)
        yield connection.getresponse()
    finally:
        connection.close()


def begun(port: int, pause: float) -> str:
    """Fill in the form, and return the path of the run's page."""
    with asked(port, "/") as answer:
        assert '<form method="post" action="/runs">' in answer.read().decode()
    fields = urlencode({"text": TEXT, "pause": str(pause)})
    with asked(port, "/runs", "POST", body=fields) as answer:
        assert answer.status == 303
        return str(answer.headers["location"])


def messages(answer: HTTPResponse) -> Iterator[dict[str, Any]]:
    """Yield what a browser is sent, until it is over."""
    assert answer.headers["content-type"].startswith("text/event-stream")
    while (line := answer.readline().decode().rstrip()) != "event: over":
        if line.startswith("data: "):
            yield json.loads(line.removeprefix("data: "))


@pytest.fixture(params=["memory", "server"])
def port(request: pytest.FixtureRequest, servers: Callable[[str], Server]) -> Iterator[int]:
    """The port of the example, with its channel in memory or on a server."""
    with served(None if request.param == "memory" else servers("valkey-9").url) as port:
        yield port


def test_a_run_is_followed_and_read(port: int) -> None:
    """The page says where the events come from; then the state can be read by its type."""
    path = begun(port, 0)
    with asked(port, path) as answer:
        assert f'new EventSource("{path}/events")' in answer.read().decode()
    with asked(port, f"{path}/events") as answer:
        found = list(messages(answer))
    assert sorted(each["line"] for each in found if "line" in each) == sorted(TEXT.splitlines())
    assert found[-2:] == [{"task": "add_up", "done": True}, {"total": 11}]
    with asked(port, f"{path}/count") as answer:
        told = answer.read().decode()
    assert "Words in 4 lines" in told
    assert "<td>the</td><td>2</td>" in told
    with asked(port, f"{path}/events", headers={"last-event-id": str(len(found) - 2)}) as answer:
        assert list(messages(answer)) == [{"total": 11}]


def test_a_browser_that_goes_away_ends_nothing(port: int) -> None:
    """The run goes on, and whoever comes later sees it from its beginning."""
    path = begun(port, 0.05)
    with asked(port, f"{path}/events") as answer:
        first = next(messages(answer))
    with asked(port, f"{path}/events") as answer:
        found = list(messages(answer))
    assert found[0] == first
    assert found[-1] == {"total": 11}


def test_the_end_of_the_program_ends_its_runs() -> None:
    """However long they would take, and whoever follows them."""
    with served(None) as port:
        path = begun(port, 3600)
        following = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        following.request("GET", f"{path}/events")
        assert following.getresponse().status == 200
    following.close()


def test_what_is_not_there_is_not_found(port: int) -> None:
    """Neither the page of a run, nor its events, nor its state."""
    for path in ("/runs/none", "/runs/none/events", "/runs/none/count"):
        with asked(port, path) as answer:
            assert answer.status == 404
