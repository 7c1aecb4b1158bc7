"""The harness: what a backend's author declares about it, and how the suite reaches it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from graflow.channels.base import Channel

__all__ = ["OPTIONAL", "Capabilities", "Capability", "Harness"]


class Capability(StrEnum):
    """What the report has a line for."""

    VALUES = "values"
    LISTS = "lists"
    NUMBERS = "numbers"
    KEYS = "keys and names"
    TTL = "ttl"
    UPDATE = "update"
    BATCHES = "batches"
    LOCK = "lock"
    SEQUENCES = "any sequence of operations"
    TYPED = "typed channels"
    PLAIN_JSON = "plain JSON"
    PICKLE = "pickle"
    THREADS = "threads"
    PROCESSES = "processes"
    DURABILITY = "durability"
    LOST_REPLIES = "lost replies"


OPTIONAL: dict[str, Capability] = {
    "lock": Capability.LOCK,
    "pickle": Capability.PICKLE,
    "ttl": Capability.TTL,
}
"""What a backend may lack, if it says why and refuses the attempt."""


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """What a backend promises beyond the operations that all have.

    Attributes:
        shared: Several processes can use one channel, with handles that were pickled.
            Otherwise a handle has to refuse to be pickled. `Channel.shared` has to say the same.
        durable: What was stored outlives the end of its server or file's last user.
        remote: Operations travel over a connection, so the reply to one can get lost.
        unsupported: What the backend lacks, each with the reason for the report. The names
            are those of `OPTIONAL`; the suite makes sure that an attempt raises.
    """

    shared: bool = False
    durable: bool = False
    remote: bool = False
    unsupported: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, reason in self.unsupported.items():
            if name not in OPTIONAL:
                known = ", ".join(sorted(OPTIONAL))
                raise ValueError(f"{name!r} can't be declared unsupported; these can: {known}")
            if not reason.strip():
                raise ValueError(f"say why {name!r} is unsupported; the report shows it")

    def require_fit(self, harness: Harness) -> None:
        """Require that the harness has no means to try what is not promised.

        Raises:
            ValueError: It has one, so a promise was forgotten.
        """
        for promise, means in (("durable", "restart"), ("remote", "cut_reply")):
            if getattr(harness, means) is not None and not getattr(self, promise):
                raise ValueError(
                    f"the harness offers `{means}`, which nothing would use: promise it with "
                    f"Capabilities({promise}=True)"
                )


@dataclass(frozen=True, kw_only=True)
class Harness:
    """How the suite reaches a backend.

    Attributes:
        open: Opens one more handle on the channel of a name.
        advance: Lets so many seconds pass for all that is stored, without waiting, or at least
            not long. `None`: the suite waits, a little and seldom.
        restart: Ends what keeps the channels, as a crash would, and starts it again; handles
            that are open find it again.
        cut_reply: Lets the next write take effect, and loses the reply to it. The write comes
            from a handle that is opened afterwards, or that was the last to lose a reply.
        read: Reads what the channel of a name keeps under a key as any other program would:
            JSON text, the JSON texts of a list's items, or `None`. It must not decode.
        preamble: Python code that defines `open`, and `advance` if there is one, for the top
            of the scripts that show what broke.
        capabilities: For `python -m graflow.testing`, where no class says them.
    """

    open: Callable[[str], Channel]
    advance: Callable[[float], Any] | None = None
    restart: Callable[[], Any] | None = None
    cut_reply: Callable[[], Any] | None = None
    read: Callable[[str, str], bytes | list[bytes] | None] | None = None
    preamble: str = ""
    capabilities: Capabilities = field(default_factory=Capabilities)
