"""`RedisChannel`: a channel on a server of the Redis protocol, shared by processes and machines."""

from __future__ import annotations

import os
from typing import Any, Never, Self

from graflow.channels.arguments import Seconds, milliseconds
from graflow.channels.base import Channel
from graflow.channels.per_run import PerRun
from graflow.channels.redis.endpoints.from_client import endpoint_from, endpoint_of
from graflow.channels.redis.endpoints.passwords import concealed
from graflow.channels.redis.redis_backend import RedisBackend
from graflow.channels.watching.cached_backend import cached
from graflow.channels.watching.read_cache import MOST_KEYS
from graflow.exceptions import ChannelTypeError, ChannelUnavailableError, ChannelValueError

__all__ = ["RedisChannel"]

_TIMEOUT = 5.0  # seconds, unless something else is said
_MAX_TIMEOUT = 60.0  # seconds; for so long, and a few more, a server remembers a write


class RedisChannel(Channel):
    """A channel on a Redis or Valkey server.

    An operation whose reply is lost is sent again until it is answered or `timeout` is over, and
    still takes effect only once.
    """

    backend: RedisBackend  # with `cache`, a `CachedBackend` in front of one

    def __init__(
        self,
        name: str = "default",
        redis_client: Any = None,
        *,
        url: str | None = None,
        cluster: bool = False,
        timeout: Seconds = _TIMEOUT,
        allow_eviction: bool = False,
        cache: bool | int = False,
        **options: Any,
    ) -> None:
        """Open a handle on the channel called `name`; it connects when it is first used.

        Args:
            name: Non-empty text.
            redis_client: A client of redis-py or valkey-py that identifies the server: a `Redis`,
                one made by a `Sentinel`, or a `RedisCluster`. The handle opens its own connections
                with the same settings (server, database, user, TLS, protocol), and never changes,
                uses or closes the client. The exception is a client whose pool is of your own
                class: it is used directly, but not in a forked process.
            url: The server, as in `redis://localhost:6379/0`, `rediss://` (TLS) or `unix://`.
            cluster: Whether that server is a node of a Redis Cluster.
            timeout: Seconds that an operation may take on the server in total, all attempts
                included; at most 60.
            allow_eviction: Whether to accept a server that deletes keys on its own when its memory
                is full (any `maxmemory-policy` but `noeviction`). Stored data may then vanish,
                locks included. If the user may not read the policy, it is not checked.
            cache: Whether `get`, `get_many` and `exists` may answer from the memory of this process
                what has not changed; a number is how many keys it keeps there at most, 10,000
                unless it is given, and 64 MiB. Such a read may miss a change that the server is
                about to tell of; it is never older than what this handle has read or written.
            options: Further arguments of `redis.Redis`: `host`, `port`, `db`, `password`, ...

        Raises:
            ChannelTypeError: An argument is of the wrong type, or redis-py does not know it.
            ChannelValueError: The name, the URL or the timeout is invalid.
        """
        options, url = _unseen(options, url), None  # a traceback shows local variables
        redis_client = concealed({"url": redis_client})["url"]  # lest it is the URL, by mistake
        seconds = milliseconds(timeout, "timeout") / 1000
        if seconds > _MAX_TIMEOUT:
            raise ChannelValueError(f"timeout must be at most {_MAX_TIMEOUT:g} s, not {seconds:g}")
        if redis_client is None:
            endpoint = endpoint_from(options, cluster=cluster)
        elif options or cluster:
            given = [*options, *["cluster"] * cluster]
            raise ChannelTypeError(
                f"redis_client brings its own settings, so {', '.join(given)} can't be given too"
            )
        else:
            endpoint = endpoint_of(redis_client)
        most = _most_keys(cache)
        backend = RedisBackend(name, endpoint, seconds, allow_eviction=allow_eviction)
        super().__init__(cached(backend, most) if most else backend)

    @classmethod
    def embedded(
        cls,
        *misplaced: Never,
        path: str | os.PathLike[str] | None = None,
        name: str = "default",
        timeout: Seconds = _TIMEOUT,
    ) -> Self:
        """Open a handle on a channel of a private server, which is started if necessary.

        All arguments are given by name, as elsewhere the first one is the name of a channel.

        The server is a Valkey that no other machine and no other user can reach. Processes that
        name the same directory share it. It stops with the last of them, whether that process
        closes its handles, ends or is killed. A handle that was pickled, or inherited by a fork,
        works in another process of this machine, but does not keep the server running. If the
        server or a program is killed, no acknowledged write is lost; a power failure may cost
        the last second.

        Args:
            misplaced: Nothing; whatever is here is refused.
            path: A directory that keeps the data for the next time. It is created if it does not
                exist, and nobody else may be able to write to it. `None`: a separate server that
                keeps nothing.
            name: The channel's name.
            timeout: As for any channel.

        Raises:
            ChannelTypeError: An argument was given by its position.
            ChannelValueError: The path is not a directory, or it contains something else, or
                others can write to it.
            ChannelUnavailableError: The server does not start, or it has not answered for a
                minute; a second one is never started beside it.
            ExtraMissingError: The server is not installed (`graflow[embedded]`).
        """
        if misplaced:
            named = ", ".join(map("{}={!r}".format, ("path", "name"), misplaced))
            raise ChannelTypeError(
                f"RedisChannel.embedded takes its arguments by name: write embedded({named})"
            )
        if os.name != "posix":
            raise ChannelUnavailableError("an embedded server needs a Unix system")
        # Not at the top: only Unix has what it needs.
        from graflow.channels.redis.embedded.server import EmbeddedServer  # noqa: PLC0415

        server = EmbeddedServer(path)
        try:
            channel = cls(name, unix_socket_path=server.socket, timeout=timeout)
        except BaseException:
            server.release()
            raise
        channel.backend.keep_running(server)
        return channel

    @classmethod
    def per_run(
        cls,
        name: str,
        redis_client: Any = None,
        *,
        url: str | None = None,
        cluster: bool = False,
        timeout: Seconds | None = None,
        allow_eviction: bool = False,
        **options: Any,
    ) -> PerRun[Self]:
        """Return a function that gives each run its own channel, for `workflow(channel=...)`.

        A run's channel is called `<name>:<run id>`, with `:` and `%` in the name replaced by `%3A`
        and `%25`. Called with a run's id, the function opens the channel of that run, so
        `RedisChannel.per_run("orders", url=...)(ctx.run_id)` reads it afterwards.

        Args:
            name: Non-empty text.
            redis_client: As for any channel; or a `RedisChannel`, whose server and settings the
                channels then share. If that is an embedded server, they keep it running.
            url: As for any channel; the same goes for the other arguments.
            cluster: Whether that server is a node of a Redis Cluster.
            timeout: As for any channel, 5 s unless it is given.
            allow_eviction: Whether the server may delete keys on its own.
            options: Further arguments of `redis.Redis`.

        Raises:
            ChannelTypeError, ChannelValueError: As for any channel.
        """
        options, url = _unseen(options, url), None
        redis_client = concealed({"url": redis_client})["url"]
        if isinstance(redis_client, cls):
            if options or cluster or allow_eviction or timeout is not None:
                raise ChannelTypeError("the channel brings its own settings; give only a name")
            return PerRun(redis_client.beside(name))
        return PerRun(
            cls(
                name,
                redis_client,
                cluster=cluster,
                timeout=_TIMEOUT if timeout is None else timeout,
                allow_eviction=allow_eviction,
                **options,
            )
        )

    def close(self) -> None:
        """Close the connections, unless other handles share them; the stored data stays.

        Other handles, and a client that was passed in, keep working. This handle can no longer be
        used.
        """
        super().close()


def _most_keys(cache: object) -> int:
    """Check the argument `cache`, and return how many keys to keep; 0 for no cache.

    Raises:
        ChannelTypeError, ChannelValueError: It is neither a `bool` nor a number of keys.
    """
    if isinstance(cache, bool):
        return MOST_KEYS if cache else 0
    if not isinstance(cache, int):
        raise ChannelTypeError(f"cache must be a bool or an int, not {type(cache).__name__}")
    if cache < 1:
        raise ChannelValueError("a cache keeps at least 1 key; False is for none")
    return cache


def _unseen(options: dict[str, Any], url: str | None) -> dict[str, Any]:
    """Return the options, the URL among them, with nothing in them that must not be seen."""
    return concealed(options if url is None else {**options, "url": url})
