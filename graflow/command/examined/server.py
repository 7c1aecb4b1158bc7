"""Examination of a server: its version, latency, clock, rights, and what it does with its data."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, Final

from graflow.channels.backend import Backend
from graflow.channels.redis.primitives import base_of
from graflow.channels.redis.scanning.servers import asked, parsed
from graflow.command.examined.diagnosis import Diagnosis, amount
from graflow.command.examined.rights import FOR_CHANNELS, FOR_LOOKING, missing_rights
from graflow.exceptions import ChannelError, ChannelPermissionError

__all__ = ["examined_server"]

_OLDEST: Final = (6, 2)
_PINGS: Final = 21
_FAR: Final = 1.0  # seconds between clocks that are worth a look
_NEARLY_FULL: Final = 0.9
_UNKNOWN: Final = "not known: this user may not ask for it"

Ask = Callable[..., Any]


def examined_server(backend: Backend) -> Iterator[Diagnosis]:
    """Yield what matters to channels on a server, or on each primary of a cluster.

    Raises:
        ChannelError: It can't be reached.
    """
    servers = asked(backend)
    for number, ask in enumerate(servers, start=1):
        node = f"node {number} of {len(servers)}: " if len(servers) > 1 else ""
        for what, says, state in _examined(ask, is_first=number == 1):
            yield Diagnosis(node + what, says, state)


def _examined(ask: Ask, *, is_first: bool) -> Iterator[Diagnosis]:
    about = {section: _info(ask, section) for section in ("server", "replication", "persistence")}
    yield _version(about["server"])
    yield from _times_if_told(ask)
    yield from _role(about["replication"])
    yield _eviction(ask)
    if is_first:  # of a cluster, the others have other slots
        yield from _rights(ask)
    yield _persistence(about["persistence"], ask)
    yield _memory(_info(ask, "memory"))


def _info(ask: Ask, section: str) -> dict[str, str]:
    """Return a section of INFO; empty if the user may not read it."""
    with suppress(ChannelPermissionError):
        return parsed(ask("INFO", section))
    return {}


def _version(about: dict[str, str]) -> Diagnosis:
    if not about:
        return Diagnosis("server", _UNKNOWN)
    redis = about.get("redis_version", "")
    name = f"Valkey {about['valkey_version']}" if "valkey_version" in about else f"Redis {redis}"
    mode = about.get("redis_mode", about.get("server_mode", ""))
    says = f"{name}, {mode}" if mode else name
    numbers = tuple(map(int, re.findall(r"\d+", redis)[:2]))
    if mode == "sentinel":
        return Diagnosis("server", f"{says}: name the server that it watches", "bad")
    if numbers < _OLDEST:
        return Diagnosis("server", f"{says}: graflow needs Redis 6.2 or newer, or Valkey", "bad")
    return Diagnosis("server", says, "ok")


def _times_if_told(ask: Ask) -> Iterator[Diagnosis]:
    try:
        yield from _times(ask)
    except ChannelPermissionError:  # which the rights tell
        yield Diagnosis("latency", _UNKNOWN)
        yield Diagnosis("clock", _UNKNOWN)


def _times(ask: Ask) -> Iterator[Diagnosis]:
    """Yield how long the server takes to answer, and how far its clock is from this one."""
    taken: list[float] = []
    ahead = 0.0
    for _ in range(_PINGS):
        before, wall = time.perf_counter(), time.time()
        seconds, micros = map(int, ask("TIME"))
        took = time.perf_counter() - before
        if not taken or took < min(taken):  # the best estimate is that of the shortest way
            ahead = seconds + micros / 1e6 - (wall + took / 2)
        taken.append(took)
    taken.sort()
    middle, longest = taken[_PINGS // 2] * 1000, taken[-1] * 1000
    says = f"{middle:.2f} ms half of the time, {longest:.2f} ms at most, of {_PINGS}"
    yield Diagnosis("latency", says, "ok")
    which = "ahead of" if ahead > 0 else "behind"
    says = f"{abs(ahead):.3f} s {which} this machine"
    yield Diagnosis("clock", says, "bad" if abs(ahead) > _FAR else "ok")


def _role(about: dict[str, str]) -> Iterator[Diagnosis]:
    if about.get("role") in {"slave", "replica"}:
        primary = f"{about.get('master_host')}:{about.get('master_port')}"
        yield Diagnosis("role", f"a read-only replica: name its primary, {primary}", "bad")
    elif about:
        yield Diagnosis("role", f"primary, replicas: {about.get('connected_slaves', '0')}", "ok")


def _eviction(ask: Ask) -> Diagnosis:
    about = _info(ask, "memory")
    policy = about.get("maxmemory_policy", "")
    limit = int(about.get("maxmemory", "0"))
    if not policy:
        return Diagnosis("eviction", _UNKNOWN)
    says = f"maxmemory-policy {policy}, maxmemory {amount(limit) if limit else 'unlimited'}"
    if policy == "noeviction" or not limit:
        return Diagnosis("eviction", says, "ok")
    return Diagnosis(
        "eviction", f"{says}: it deletes keys on its own when its memory is full", "bad"
    )


def _rights(ask: Ask) -> Iterator[Diagnosis]:
    key = base_of("graflow-check").decode() + "k:"
    for what, needed in {"rights": FOR_CHANNELS, "rights to look": FOR_LOOKING}.items():
        lacks = list(dict.fromkeys(missing_rights(ask, key, needed)))
        says = f"missing, as ACL SETUSER takes it: {' '.join(lacks)}"
        yield Diagnosis(what, says, "bad") if lacks else Diagnosis(what, "all that is needed", "ok")


def _persistence(about: dict[str, str], ask: Ask) -> Diagnosis:
    if not about:
        return Diagnosis("persistence", _UNKNOWN)
    failed = [
        name
        for name, key in {
            "log": "aof_last_write_status",
            "snapshot": "rdb_last_bgsave_status",
        }.items()
        if about.get(key, "ok") != "ok"
    ]
    if failed:
        return Diagnosis(
            "persistence", f"the last {' and '.join(failed)} could not be written", "bad"
        )
    kinds = []
    if about.get("aof_enabled") == "1":
        kinds.append(f"append-only file, fsync {_setting(ask, 'appendfsync') or 'not known'}")
    if (points := _setting(ask, "save")) or (points is None and not kinds):
        kinds.append("snapshots" if points else "perhaps snapshots")
    return Diagnosis("persistence", ", ".join(kinds) or "none: a restart of the server loses all")


def _setting(ask: Ask, name: str) -> str | None:
    """Return a setting; `None` if the user may not read it."""
    try:
        reply = ask("CONFIG", "GET", name)
    except ChannelError:
        return None
    found = reply.get(name.encode()) if isinstance(reply, dict) else (reply or (b"", b""))[1]
    return found.decode() if isinstance(found, bytes) else None


def _memory(about: dict[str, str]) -> Diagnosis:
    if not about:
        return Diagnosis("memory", _UNKNOWN)
    used, limit = int(about.get("used_memory", "0")), int(about.get("maxmemory", "0"))
    share = used / limit if limit else 0.0
    says = f"{amount(used)} used" + (f", {share:.0%} of maxmemory" if limit else "")
    return Diagnosis(
        "memory", says, "bad" if share > _NEARLY_FULL and math.isfinite(share) else "ok"
    )
