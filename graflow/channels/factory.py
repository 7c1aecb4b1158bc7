"""`ChannelFactory`: channels by the name of their backend."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from contextvars import ContextVar
from enum import StrEnum
from typing import Any, ClassVar, Final

from graflow.channels.arguments import Seconds, check_text
from graflow.channels.base import Channel
from graflow.channels.channel_urls import place_of
from graflow.channels.memory_channel import MemoryChannel
from graflow.channels.redis.endpoints.passwords import Unseen, concealed
from graflow.exceptions import ChannelTypeError, ChannelValueError

__all__ = ["ChannelBackend", "ChannelFactory", "default_channel"]

_default: ContextVar[Channel | None] = ContextVar("graflow_default_channel", default=None)


class ChannelBackend(StrEnum):
    """The backends that come with graflow."""

    MEMORY = "memory"
    REDIS = "redis"
    SQLITE = "sqlite"


def default_channel() -> Channel | None:
    """Return the channel that the factory last made without a name in this context, if any.

    Workflows opened without a channel use it.
    """
    return _default.get()


def _redis_channel(*args: Any, **options: Any) -> Channel:
    options = concealed(options)
    # Not at the top: redis-py is slow to import.
    from graflow.channels.redis_channel import RedisChannel  # noqa: PLC0415

    return RedisChannel(*args, **options)


def _sqlite_channel(*args: Any, **options: Any) -> Channel:
    # Not at the top: sqlite3 is slow to import, and not in every Python.
    from graflow.channels.sqlite_channel import SQLiteChannel  # noqa: PLC0415

    return SQLiteChannel(*args, **options)


def _embedded_channel(name: str, *, path: str, timeout: Seconds = 5.0) -> Channel:
    from graflow.channels.redis_channel import RedisChannel  # noqa: PLC0415

    return RedisChannel.embedded(path=path, name=name, timeout=timeout)


def _require_channels(backend: str, path: str) -> None:
    if backend == "sqlite":
        from graflow.channels.sqlite.existing_file import require_file as require  # noqa: PLC0415
    else:
        from graflow.channels.redis.embedded.home import require_home as require  # noqa: PLC0415
    require(path)


_OPENERS: Final[dict[str, Callable[..., Channel]]] = {
    "memory": MemoryChannel,
    "redis": _redis_channel,
    "sqlite": _sqlite_channel,
    "embedded": _embedded_channel,
}
"""What opens a channel at each kind of URL."""


class ChannelFactory:
    """A maker of channels by the name of their backend, so that a setting can choose it."""

    _backends: ClassVar[dict[str, Callable[..., Channel]]] = {
        ChannelBackend.MEMORY: MemoryChannel,
        ChannelBackend.REDIS: _redis_channel,
        ChannelBackend.SQLITE: _sqlite_channel,
    }

    @classmethod
    def create_channel(
        cls,
        backend: ChannelBackend | str = ChannelBackend.MEMORY,
        name: str | None = None,
        **options: Any,
    ) -> Channel:
        """Make a channel.

        Without a name the channel is called `default`, and becomes the channel of workflows
        that are opened later in the same context (a `ContextVar`) without one of their own.

        Args:
            backend: A `ChannelBackend`, its value, or a name passed to `register_backend`.
            name: The channel's name, non-empty text.
            options: Further arguments of the backend's class, such as `redis_client` and
                `url` for Redis, or `path` for SQLite.

        Raises:
            ChannelValueError: There is no such backend.
            ChannelTypeError: The backend does not accept one of the options.
        """
        options = Unseen(options)  # a traceback shows local variables
        channel = cls._make(backend, "default" if name is None else name, options)
        if name is None:
            _default.set(channel)
        return channel

    @classmethod
    def from_url(
        cls, url: str, name: str = "default", *, create: bool = True, **options: Any
    ) -> Channel:
        """Open a channel at a URL, so that one setting says where the state is.

        | URL | channel |
        | --- | --- |
        | `redis://host:port/db`, `rediss://`, `unix://path` | a `RedisChannel` on a server |
        | `redis+cluster://host:port`, `rediss+cluster://` | one on a Redis Cluster |
        | `sqlite:///path`, `sqlite:////path/from/the/root` | a `SQLiteChannel` in a file |
        | `path/of/a/directory` | a `RedisChannel.embedded`, whose server is started if need be |
        | `memory://` | a `MemoryChannel`, which shares nothing |

        Args:
            url: The URL, or the path.
            name: The channel's name, non-empty text.
            create: Whether the file, or the directory, is made if it is not there.
            options: Further arguments of the channel's class, such as `timeout`.

        Raises:
            ChannelTypeError: The URL is not text, or the class does not accept an option.
            ChannelValueError: It is no such URL, or what it names is something else.
            ChannelNotFoundError: With `create=False`: there is no such file or directory.
            ExtraMissingError: An embedded server is not installed.
        """
        # A traceback shows local variables.
        url, options = concealed({"url": url})["url"], Unseen(options)
        place = place_of(url)
        backend, given = place.backend, Unseen({**place.options, **options})
        if not create and "path" in place.options:
            _require_channels(backend, given["path"])
        return cls._make_by(_OPENERS[backend], backend, name, given)

    @classmethod
    def register_backend(cls, backend: str, make: Callable[..., Channel]) -> None:
        """Register another backend for `create_channel`.

        Args:
            backend: The backend's name, non-empty text; a name already taken is replaced.
            make: The channel's class, or a function that takes the name and the options.

        Raises:
            ChannelTypeError: The name is not text, or `make` is not callable.
            ChannelValueError: The name is empty.
        """
        name = check_text(backend, "backend's name")
        if not callable(make):
            raise ChannelTypeError(f"the backend {name!r} must be a class or a function")
        cls._backends[name] = make

    @classmethod
    def _make(cls, backend: str, name: str, options: dict[str, Any]) -> Channel:
        make = cls._backends.get(check_text(backend, "backend's name"))
        if make is None:
            known = ", ".join(repr(str(one)) for one in cls._backends)
            raise ChannelValueError(f"there is no backend {str(backend)!r}; there are {known}")
        return cls._make_by(make, backend, name, options)

    @staticmethod
    def _make_by(
        make: Callable[..., Channel], backend: str, name: str, options: dict[str, Any]
    ) -> Channel:
        try:
            inspect.signature(make).bind(name, **options)
        except TypeError as error:
            raise ChannelTypeError(
                f"the backend {str(backend)!r} can't take these options: {error}; it takes "
                f"{inspect.signature(make)}"
            ) from error.with_traceback(None)
        return make(name, **options)
