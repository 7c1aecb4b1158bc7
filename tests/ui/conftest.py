"""Pages on channels in memory, and readers of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from typing_extensions import override

from graflow import MemoryChannel
from graflow.ui import ServedPage, serve
from tests.ui.reader import Reader
from tools.browser.chromium import Chromium, Page


@pytest.fixture
def open_page() -> Iterator[Callable[..., ServedPage]]:
    """A function that serves a page until the test ends; it takes what `serve` takes."""
    with ExitStack() as stack:
        yield lambda *args, **options: stack.enter_context(serve(*args, **options))


@pytest.fixture
def read(open_page: Callable[..., ServedPage]) -> Callable[..., Reader]:
    """A function that serves a page, and returns a reader of it."""

    def read(*args: Any, **options: Any) -> Reader:
        return Reader(open_page(*args, **options))

    return read


@pytest.fixture
def orders() -> MemoryChannel:
    """An empty channel."""
    return MemoryChannel("orders")


@pytest.fixture
def reader(orders: MemoryChannel, read: Callable[..., Reader]) -> Reader:
    """A reader of a page on that channel."""
    return read(orders)


class _Strangers(BaseHTTPRequestHandler):
    """What a browser asks of anybody else, whom it has this server for a proxy to reach."""

    def __init__(self, asked: list[str], *connection: Any) -> None:
        self._asked = asked
        super().__init__(*connection)

    def do_GET(self) -> None:
        """Note it, and refuse."""
        self._asked.append(self.requestline)
        self.send_error(502)

    def do_CONNECT(self) -> None:
        """Note it, and refuse."""
        self.do_GET()

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    """A browser that has asked nobody outside this machine when it ends."""
    asked: list[str] = []
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Strangers, asked)) as proxy:
        thread = threading.Thread(target=proxy.serve_forever)
        thread.start()
        try:
            with Chromium(proxy=f"127.0.0.1:{proxy.server_port}") as browser:
                yield browser
        finally:
            proxy.shutdown()
            thread.join()
    assert not asked


@pytest.fixture
def visit(chromium: Chromium) -> Iterator[Callable[..., Page]]:
    """A function that opens a served page at a place; whatever it complains of is an error."""
    opened: list[Page] = []

    def visit(
        served: ServedPage, place: str = "", width: int = 1280, *, dark: bool = False
    ) -> Page:
        page = chromium.page(width, 800, dark=dark)
        opened.append(page)
        page.ask("Page.navigate", url=f"{served.url}#/{place}")
        page.wait_for("!!document.querySelector('.status[data-status=live]')")
        return page

    yield visit
    for page in opened:
        assert page.complaints() == []
        page.close()
