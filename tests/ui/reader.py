"""Readers of the page: what a browser sends to its server, without one."""

from __future__ import annotations

import json
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPMessage
from typing import Any
from urllib.parse import urlencode, urlsplit

from graflow.ui import ServedPage

__all__ = ["ODD", "Got", "Reader"]

ODD = [
    "a&b=c",
    "?#%/",
    "\u202eevil",
    "é 漢字 🎈",
    "<img src=x onerror=alert(1)>",
    "a\nb",
    "\0nul",
    "'",
]
"""Names and keys that something could take for more than text."""


@dataclass(frozen=True)
class Got:
    """What came back."""

    status: int
    headers: HTTPMessage
    body: bytes

    @property
    def data(self) -> Any:
        """The body, read as JSON."""
        return json.loads(self.body)


class Reader:
    """Somebody who was given the address of a page."""

    def __init__(self, page: ServedPage) -> None:
        """Come in with the token, and take the cookie."""
        self.address = urlsplit(page.url)
        self.cookie = ""
        entered = self.get(f"/?{self.address.query}")
        self.cookie = (entered.headers["Set-Cookie"] or "").partition(";")[0]

    def send(self, method: str, path: str, **headers: str) -> Got:
        """Send a request with the cookie, unless headers say otherwise; `_` stands for `-`."""
        assert self.address.hostname
        assert self.address.port
        connection = HTTPConnection(self.address.hostname, self.address.port)
        sent = {"Cookie": self.cookie} | {k.replace("_", "-"): v for k, v in headers.items()}
        try:
            connection.request(method, path, headers={k: v for k, v in sent.items() if v})
            answer = connection.getresponse()
            return Got(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Got:
        """Ask for a path."""
        return self.send("GET", path, **headers)

    def ask(self, what: str, **parameters: str | int) -> Any:
        """Ask as the page does, and return what it is told."""
        got = self.get(f"/api/{what}?{urlencode(parameters)}")
        assert got.status == 200, got.body
        return got.data

    def refused(self, what: str, **parameters: str | int) -> tuple[int, str]:
        """Ask as the page does for what can't be had; return the status and the text."""
        got = self.get(f"/api/{what}?{urlencode(parameters)}")
        return got.status, got.data["error"]
