"""Rights of a server's user, looked at by commands that change nothing."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from graflow.exceptions import ChannelError, ChannelPermissionError

__all__ = ["FOR_CHANNELS", "FOR_LOOKING", "missing_rights"]

_KEYS: Final = "~graflow:*"

# Nothing is under KEY, so that none of these changes anything.
FOR_CHANNELS: Final[dict[str, tuple[object, ...]]] = {
    "eval": ("return 1", 0),
    "evalsha": ("e0e1f9fabfc9d4800c877a703b823ac0578ff8db", 0),  # of `return 1`
    "exists": ("KEY",),
    "get": ("KEY",),
    "set": ("KEY", "1", "XX"),
    "incrby": ("KEY", "no number"),
    "persist": ("KEY",),
    "pexpire": ("KEY", 60_000),
    "pexpireat": ("KEY", 1),
    "pttl": ("KEY",),
    "del": ("KEY",),
    "unlink": ("KEY",),
    "llen": ("KEY",),
    "lrange": ("KEY", 0, 0),
    "lpop": ("KEY",),
    "rpush": ("KEY", "1"),
    "lpush": ("KEY", "1"),
    "zadd": ("KEY", "XX", 1, "member"),
    "zcard": ("KEY",),
    "zcount": ("KEY", 0, 0),
    "zrange": ("KEY", 0, 0),
    "zrangebyscore": ("KEY", 0, 0),
    "zscore": ("KEY", "member"),
    "zrem": ("KEY", "member"),
    "zremrangebyrank": ("KEY", 0, 0),
    "time": (),
}
"""The commands that channels need, each with arguments that change nothing."""

FOR_LOOKING: Final[dict[str, tuple[object, ...]]] = {
    "scan": (0,),
    "zscan": ("KEY", 0),
    "strlen": ("KEY",),
    "info": ("server",),
}
"""The commands that this command line needs beside them."""

_PUSHES: Final = ("rpush", "lpush")  # they would make the key
_READ_ONLY: Final = """#!lua flags=no-writes
local found = {}
for i, command in ipairs(ARGV) do
  local reply = redis.pcall(command, KEYS[1], '1')
  found[i] = type(reply) == 'table' and reply.err or ''
end
return found
"""
_REFUSED_AS_WRITE: Final = b"read-only script"

Ask = Callable[..., Any]


def missing_rights(ask: Ask, key: str, needed: dict[str, tuple[object, ...]]) -> Iterator[str]:
    """Yield what the user lacks, as ACL SETUSER takes it.

    Args:
        ask: Sends a command to the server.
        key: What a key begins with that channels may have.
        needed: Commands with their arguments.

    Raises:
        ChannelError: The server can't be reached.
    """
    key += secrets.token_hex(8)
    for command, arguments in needed.items():
        if command not in _PUSHES:
            given = [key if each == "KEY" else each for each in arguments]
            if lack := _lack(ask, command, given):
                yield lack
    pushes = [command for command in _PUSHES if command in needed]
    yield from _missing_pushes(ask, key, pushes) if pushes else ()


def _lack(ask: Ask, command: str, arguments: list[object]) -> str | None:
    try:
        ask(command.upper(), *arguments)
    except ChannelPermissionError as error:
        return _KEYS if " key" in str(error.__cause__ or error) else f"+{command}"
    except ChannelError:
        pass  # the command was refused for what it says
    return None


def _missing_pushes(ask: Ask, key: str, commands: Sequence[str]) -> Iterator[str]:
    """Try commands in a script that may not write, which newer servers have.

    Their rights are looked at first, and then they are refused as what they are.
    """
    try:
        found = ask("EVAL", _READ_ONLY, 1, key, *commands)
    except ChannelError:
        return  # a server that has no such scripts, or a user who may run none
    for command, said in zip(commands, found, strict=True):
        if _REFUSED_AS_WRITE not in said:
            yield f"+{command}"
