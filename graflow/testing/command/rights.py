"""Rights of a server's user: which of those that a channel and the suite need are missing."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

from redis.exceptions import NoPermissionError, ResponseError

__all__ = ["KEYS", "NEEDED", "missing_right", "missing_rights"]

KEYS = "~graflow:*"
"""The pattern for the keys of channels, as ACL SETUSER takes it."""

_SHA = "e0e1f9fabfc9d4800c877a703b823ac0578ff8db"  # of `return 1`
_COMMAND = re.compile(r"run the '([^']+)' command")

NEEDED: dict[str, tuple[object, ...]] = {
    "set": ("KEY", "1"),
    "get": ("KEY",),
    "exists": ("KEY",),
    "incrby": ("KEY", 0),
    "persist": ("KEY",),
    "pexpire": ("KEY", 60_000),
    "pexpireat": ("KEY", "LATER"),
    "pttl": ("KEY",),
    "del": ("KEY",),
    "rpush": ("KEY", "1"),
    "lpush": ("KEY", "1"),
    "llen": ("KEY",),
    "lrange": ("KEY", 0, 0),
    "lpop": ("KEY",),
    "unlink": ("KEY",),
    "zadd": ("KEY", 1, "member"),
    "zcard": ("KEY",),
    "zcount": ("KEY", 0, 0),
    "zrange": ("KEY", 0, 0),
    "zrangebyscore": ("KEY", 0, 0),
    "zscore": ("KEY", "member"),
    "zrem": ("KEY", "member"),
    "zremrangebyrank": ("KEY", 0, 0),
    "eval": ("return 1", 0),
    "evalsha": (_SHA, 0),
    "time": (),
    "type": ("KEY",),
    "scan": (0,),
}
"""The commands that a channel and the suite need, each with arguments that do no harm."""


def missing_rights(client: Any, key: str) -> Iterator[str]:
    """Run each command that is needed, and yield what is missing, as `missing_right` does.

    Args:
        client: A client of the server, or of the cluster.
        key: A key that nothing else uses; it is removed.

    Raises:
        redis.RedisError: The server can't be reached.
    """
    places = {"KEY": key, "LATER": round((time.time() + 60) * 1000)}
    for command, arguments in NEEDED.items():
        try:
            client.execute_command(
                command.upper(), *(places.get(str(each), each) for each in arguments)
            )
        except ResponseError as error:
            lack = missing_right(error, command)
            if lack is not None:
                yield lack


def missing_right(error: ResponseError, command: str) -> str | None:
    """Return what an answer says is missing for a command.

    Returns:
        The right as ACL SETUSER takes it, the command in capitals if the server does not have it,
        or `None` if the answer says nothing of that.
    """
    text = str(error)
    if "unknown command" in text.lower():
        return command.upper()
    if not isinstance(error, NoPermissionError):
        return None
    refused = _COMMAND.search(text)
    if refused is None:
        return KEYS
    return f"+{refused[1].partition('|')[0].lower()}"
