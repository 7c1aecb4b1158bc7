"""The site as `make docs` has built it, served on 127.0.0.1, and a browser to look at it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.paths import ROOT
from tools.browser.chromium import Chromium


@dataclass
class Served:
    """The site on a server.

    Attributes:
        address: Of its server, `host:port`.
        strangers: What the browser has asked of others: it has this server for a proxy.
    """

    address: str
    strangers: list[str] = field(default_factory=list)

    def url(self, path: str = "") -> str:
        """Return the address of a page, by its path in the site."""
        return f"http://{self.address}/{path}"


class _Handler(SimpleHTTPRequestHandler):
    extensions_map = SimpleHTTPRequestHandler.extensions_map | {".mjs": "text/javascript"}

    def __init__(self, strangers: list[str], *args: object, **keywords: str) -> None:
        self._strangers = strangers
        super().__init__(*args, **keywords)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        """Serve a file of the site; note what is for others."""
        if self.path.startswith("/"):
            super().do_GET()
        else:
            self._refuse()

    def do_CONNECT(self) -> None:
        """Note a connection to another server."""
        self._refuse()

    def _refuse(self) -> None:
        self._strangers.append(self.requestline)
        self.send_error(502)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="session")
def served() -> Iterator[Served]:
    """The built site on a server of its own."""
    site = ROOT / "site"
    assert (site / "index.html").exists(), "run `make docs` first, as `make test-all` does"
    strangers: list[str] = []
    handler = partial(_Handler, strangers, directory=str(site))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield Served(f"127.0.0.1:{server.server_port}", strangers)
        server.shutdown()
        thread.join()


@pytest.fixture
def chromium(served: Served) -> Iterator[Chromium]:
    """A browser that has asked nobody but the site's server when it ends."""
    with Chromium(proxy=served.address) as browser:
        yield browser
    assert not served.strangers
