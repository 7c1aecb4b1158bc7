"""`serve`: a page on the channels at a URL, as long as a program wants it."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterable
from secrets import token_urlsafe
from types import TracebackType
from typing import Any, Final, Self

from typing_extensions import TypeForm

import graflow
from graflow.channels.arguments import check_text
from graflow.channels.base import Channel
from graflow.channels.keys.keys import Keys
from graflow.exceptions import ChannelTypeError, ChannelValueError
from graflow.system.logs import PAGE
from graflow.ui.answers.declared import DeclaredNames
from graflow.ui.answers.origin import ChannelsBeside, GivenChannels, Origin, at_url
from graflow.ui.answers.routes import Answers
from graflow.ui.server.gate import is_loopback
from graflow.ui.server.listening import PageServer

__all__ = ["ServedPage", "serve"]

_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{16,}")


class ServedPage:
    """A page that is being served; `serve` returns it. Leaving it as a `with` block ends it.

    Attributes:
        url: Its address, with the token that lets a reader in.
        is_exposed: Whether other machines can reach it. What is sent is not encrypted.
    """

    def __init__(self, origin: Origin, server: PageServer, host: str, token: str) -> None:
        self._origin, self._server = origin, server
        self._shown = f"{_named(host)}:{server.server_port}"
        self.url = f"http://{self._shown}/?token={token}"
        self.is_exposed = not is_loopback(host)
        self._ended = threading.Event()
        if self.is_exposed:
            PAGE.warning("the page at %s can be reached by other machines", self._shown)
        thread = threading.Thread(target=self._serve, name="graflow-ui", daemon=True)
        thread.start()

    def _serve(self) -> None:
        try:
            self._server.serve_forever(poll_interval=0.1)
        finally:
            self._ended.set()

    def wait(self) -> None:
        """Wait until the page is closed; an interrupt ends the waiting."""
        while not self._ended.wait(3600):  # without a limit, Windows would not let it end
            pass

    def close(self) -> None:
        """End it; what readers have open says that it is gone."""
        self._server.shutdown()
        self._server.server_close()
        self._ended.wait()
        self._origin.close()

    def __enter__(self) -> Self:
        """Return it; leaving the block closes it."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        """Show where it is, without the token."""
        return f"ServedPage(http://{self._shown})"


def serve(
    source: str | Channel | Iterable[Channel],
    *,
    beside: bool = False,
    keys: type[Keys] | TypeForm[Any] | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
    token: str | None = None,
) -> ServedPage:
    """Serve a page that shows channels, their runs and their keys, and changes nothing.

    It is for one reader, or some who know each other: whoever has the address can read all values.

    Args:
        source: A URL, as the command `graflow` takes it, for all channels there; or a channel, or
            several. Channels that are passed in stay open when the page is closed.
        beside: Whether a channel that is passed in stands for all on its server, or in its file.
        keys: A class of `Keys`, or a `TypedDict`, that says what the keys of the channels hold; the
            page shows what it says, and which values don't fit.
        host: The address to listen at. Any but the default lets other machines in, if they have the
            token; what is sent is not encrypted.
        port: The port; 0 takes one that is free.
        token: What a reader has to have, at least 16 characters of those that URLs need not quote;
            by default a new one that nobody can guess.

    Returns:
        The page, which is there until it is closed, or the program ends.

    Raises:
        ChannelTypeError, ChannelValueError: There can't be such a source; or the token is no text,
            too short, or has other characters.
        SchemaError: `keys` is something else, or the type of a key can't be a schema.
        OSError: The address is taken, or none of this machine's.
    """
    token = token_urlsafe(24) if token is None else _checked(token)
    declared = None if keys is None else DeclaredNames(keys)
    origin = _origin_of(source, beside=beside)
    try:
        answers = Answers(origin, declared, _about(origin, declared))
        server = PageServer(host, port, token, answers.respond)
    except BaseException:
        origin.close()
        raise
    return ServedPage(origin, server, host, token)


def _named(host: str) -> str:
    """Return what an address at which a server listens is called in a URL."""
    if host in ("0.0.0.0", "::"):  # every address of this machine, which is none to go to
        return socket.gethostname()
    return f"[{host}]" if ":" in host else host


def _origin_of(source: str | Channel | Iterable[Channel], *, beside: bool) -> Origin:
    if isinstance(source, str):
        return at_url(source)
    if isinstance(source, Channel):
        return ChannelsBeside(source) if beside else GivenChannels([source])
    if beside or not isinstance(source, Iterable):
        raise ChannelTypeError(f"a page shows a URL or channels, not {type(source).__name__}")
    return GivenChannels(source)


def _checked(token: str) -> str:
    check_text(token, "token")
    if not _TOKEN.fullmatch(token):
        raise ChannelValueError(
            "a token has at least 16 characters: letters of ASCII, digits, - and _"
        )
    return token


def _about(origin: Origin, declared: DeclaredNames | None) -> dict[str, Any]:
    about: dict[str, Any] = {"label": origin.label, "version": graflow.__version__}
    if declared is not None:
        title, doc, keys = declared.description
        about["declared"] = {"title": title, "doc": doc, "keys": [each._asdict() for each in keys]}
    return about
