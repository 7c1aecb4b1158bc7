"""`PageHandler`: requests of HTTP, checked and answered; it only ever reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from typing_extensions import override

from graflow.system.logs import PAGE
from graflow.ui.server.answer import Answer, RefusedRequest, json_answer
from graflow.ui.server.gate import Gate

__all__ = ["PageHandler", "Respond"]

Respond = Callable[[str, Mapping[str, str]], Answer]
"""Answers a path with its parameters, or raises `RefusedRequest`."""

_IDLE: Final = 60  # seconds for which a connection may be silent
_LONGEST: Final = 16_384  # characters of an address; ids and keys may be long

# Nothing is loaded from anywhere else, no page may show this one in a frame, and what is sent is
# taken for nothing but what it says it is.
_SECURITY: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}
_FORBIDDEN: Final = (
    "This page can only be read with the address that graflow printed when it started; "
    "open it again from there."
)


class PageHandler(BaseHTTPRequestHandler):
    """One connection of a reader."""

    protocol_version = "HTTP/1.1"
    default_request_version = "HTTP/1.0"  # so that what is no request gets a whole answer
    server_version = "graflow"
    timeout = _IDLE
    disable_nagle_algorithm = True  # or a body would wait 40 ms for the headers to be acknowledged

    def __init__(self, gate: Gate, respond: Respond, *connection: object) -> None:
        """Take what decides who may ask, what answers, and what a server passes on."""
        self._gate, self._respond = gate, respond
        super().__init__(*connection)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        """Answer a request."""
        self._answer()

    def do_HEAD(self) -> None:
        """Answer a request without its body."""
        self._answer()

    def _answer(self) -> None:
        if self._has_body():  # which would be taken for the next request
            self.close_connection = True
        path, query = self._asked()
        token = query.pop("token", None)
        if not self._gate.knows_host(self.headers.get("Host")):
            self._send(_refused(HTTPStatus.FORBIDDEN, "This is no name of this server."))
        elif token is not None and path == "/" and self._gate.takes(token):
            self._send(self._safely(path, query), {"Set-Cookie": self._gate.set_cookie()})
        elif not self._gate.has_cookie(self.headers.get("Cookie")):
            self._send(self._forbidden(path))
        elif self._is_from_another_page():
            self._send(_refused(HTTPStatus.FORBIDDEN, "Another page has asked for this."))
        else:
            self._send(self._safely(path, query))

    def _has_body(self) -> bool:
        length = self.headers.get("Content-Length", "0")
        return length != "0" or "Transfer-Encoding" in self.headers

    def _is_from_another_page(self) -> bool:
        """Tell whether a page of another port of this machine asks, to which the cookie goes too.

        Opening this page from there is all right.
        """
        site, mode = (self.headers.get(f"Sec-Fetch-{each}", "") for each in ("Site", "Mode"))
        return site in ("cross-site", "same-site") and mode != "navigate"

    def _asked(self) -> tuple[str, dict[str, str]]:
        try:
            parts = urlsplit(self.path)
            return parts.path, dict(parse_qsl(parts.query, keep_blank_values=True))
        except ValueError:
            return "", {}

    def _safely(self, path: str, query: Mapping[str, str]) -> Answer:
        if len(self.path) > _LONGEST:
            return _refused(HTTPStatus.REQUEST_URI_TOO_LONG, "The address is too long.")
        try:
            return self._respond(path, query)
        except RefusedRequest as refusal:
            return _refused(refusal.status, str(refusal))
        except Exception as error:  # noqa: BLE001 - the reader is told, and the page goes on
            PAGE.exception("a request of the page failed")
            kind = type(error).__name__
            return _refused(HTTPStatus.INTERNAL_SERVER_ERROR, f"graflow has an error ({kind}).")

    def _forbidden(self, path: str) -> Answer:
        """Say why, to a person or to the page."""
        if path.startswith("/api/"):
            return _refused(HTTPStatus.FORBIDDEN, _FORBIDDEN)
        return Answer(f"{_FORBIDDEN}\n".encode(), "text/plain", HTTPStatus.FORBIDDEN)

    def _send(self, answer: Answer, more: Mapping[str, str] | None = None) -> None:
        is_known = answer.status == HTTPStatus.OK and self._has(answer.etag)
        self.send_response(HTTPStatus.NOT_MODIFIED if is_known else answer.status)
        if answer.status == HTTPStatus.OK:
            self.send_header("ETag", answer.etag)
        for name, text in {**_SECURITY, **(more or {})}.items():
            self.send_header(name, text)
        if not is_known:
            self.send_header("Content-Type", answer.kind)
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD" and not is_known:
            self.wfile.write(answer.body)

    def _has(self, etag: str) -> bool:
        return etag in (self.headers.get("If-None-Match") or "").split(", ")

    @override
    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Refuse what is no request, or none of those that read; with our headers, as text."""
        self.close_connection = True
        status = HTTPStatus(code)
        if status == HTTPStatus.NOT_IMPLEMENTED:  # what the base class says of other methods
            status = HTTPStatus.METHOD_NOT_ALLOWED
        more = {"Connection": "close", "Allow": "GET, HEAD"}
        self.command = self.command or ""
        if not hasattr(self, "headers"):  # it did not get so far
            self.headers = self.MessageClass()
        self._send(_refused(status, status.phrase), more)

    @override
    def version_string(self) -> str:
        """Name the program, and nothing that an attacker could look up."""
        return self.server_version

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: an address may have the token in it."""

    @override
    def handle(self) -> None:
        """Answer until the reader is gone, which is no error."""
        try:
            super().handle()
        except (ConnectionError, TimeoutError):
            self.close_connection = True


def _refused(status: HTTPStatus, text: str) -> Answer:
    return json_answer({"error": text}, status)
