"""The harness: the promises of a backend, and the means by which the suite reaches it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from graflow.channels.aio.async_channel import AsyncChannel
from graflow.channels.base import Channel
from graflow.testing.proxy import LossyProxy
from graflow.testing.tally import Tally

__all__ = ["OPTIONAL", "Capabilities", "Capability", "Harness"]


class Capability(StrEnum):
    """A capability of backends, which is a line of the report."""

    VALUES = "values"
    LISTS = "lists"
    NUMBERS = "numbers"
    KEYS = "keys and names"
    TTL = "ttl"
    UPDATE = "update"
    BATCHES = "batches"
    COMMITS = "commits"
    LOCK = "lock"
    WAITING = "waiting"
    SEQUENCES = "any sequence of operations"
    TYPED = "typed channels"
    PLAIN_JSON = "plain JSON"
    PICKLE = "pickle"
    THREADS = "threads"
    EVENT_LOOPS = "event loops"
    PROCESSES = "processes"
    DURABILITY = "durability"
    LOST_REPLIES = "lost replies"


OPTIONAL: dict[str, Capability] = {
    "lock": Capability.LOCK,
    "pickle": Capability.PICKLE,
    "ttl": Capability.TTL,
}
"""The capabilities that a backend may lack, if it says why and refuses attempts to use them."""


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """The promises of a backend beyond the operations that all of them have.

    Attributes:
        shared: Several processes can use one channel, through pickled handles. Otherwise a
            handle must refuse to be pickled. `Channel.shared` must agree.
        durable: Stored data outlives its server, or the last user of its file.
        remote: Operations go over a connection, so replies can get lost.
        unsupported: The capabilities that the backend lacks, each with a reason for the report.
            The names are those of `OPTIONAL`; the suite checks that an attempt raises.
        linear_append: Why adding to a list takes the longer, the longer it is, if it does; the
            contract wants it not to. The reason is for the report.
    """

    shared: bool = False
    durable: bool = False
    remote: bool = False
    unsupported: Mapping[str, str] = field(default_factory=dict)
    linear_append: str = ""

    def __post_init__(self) -> None:
        for name, reason in self.unsupported.items():
            if name not in OPTIONAL:
                known = ", ".join(sorted(OPTIONAL))
                raise ValueError(f"{name!r} can't be declared unsupported; these can: {known}")
            if not reason.strip():
                raise ValueError(f"say why {name!r} is unsupported; the report shows it")

    def require_fit(self, harness: Harness) -> None:
        """Check that the harness only offers means for what is promised.

        Raises:
            ValueError: It offers more, so a promise was forgotten.
        """
        for promise, means in (("durable", "restart"), ("remote", "cut_reply")):
            if getattr(harness, means) is not None and not getattr(self, promise):
                raise ValueError(
                    f"the harness offers `{means}`, which nothing would use: promise it with "
                    f"Capabilities({promise}=True)"
                )


@dataclass(frozen=True, kw_only=True)
class Harness:
    """The means by which the suite reaches a backend.

    The suite looks whether they work. If one does nothing, the check that needs it is broken, and
    says that it is the harness.

    Attributes:
        open: Opens another handle on the channel with a given name, a new one each time.
        open_async: Opens one more, for coroutines, as `lambda name: open(name).aio` does. If it is
            given, each check is also made on an event loop, with fewer examples.
        advance: Lets a number of seconds pass for everything stored, without waiting, or at
            least not for long. If it is `None`, the suite waits, rarely and briefly. A function
            with a parameter `names` gets the names of the channels for which time has to pass, so
            that it can spare what others keep in the same place.
        restart: Kills whatever stores the channels, as a crash would, and starts it again; open
            handles must find it again.
        started: Identifies what `restart` starts, and changes with it: a server's process id, or
            the connections to a file. Without it nothing shows that anything was restarted.
        cut_reply: Lets the next write take effect, but loses its reply. The write comes from a
            handle that is opened afterwards, or from the last one that lost a reply.
        lost: Counts the replies that got lost. Without it nothing shows that `cut_reply` lost
            any. A `LossyProxy` counts them itself: if `cut_reply` is a proxy's, this need not be
            given.
        read: Reads what is stored under a key of a channel, as any other program would: JSON text,
            the JSON texts of a list's items, or `None`. It must not decode them.
        preamble: Python code that defines `open`, and `advance` if there is one, for the top of
            the scripts that reproduce a failure.
        capabilities: For `python -m graflow.testing`, where no class declares them.
        tally: How much was tried so far; the suite counts.
    """

    open: Callable[[str], Channel]
    open_async: Callable[[str], AsyncChannel] | None = None
    advance: Callable[..., Any] | None = None
    restart: Callable[[], Any] | None = None
    started: Callable[[], object] | None = None
    cut_reply: Callable[[], Any] | None = None
    lost: Callable[[], int] | None = None
    read: Callable[[str, str], bytes | list[bytes] | None] | None = None
    preamble: str = ""
    capabilities: Capabilities = field(default_factory=Capabilities)
    tally: Tally = field(default_factory=Tally, init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        proxy = getattr(self.cut_reply, "__self__", None)
        if self.lost is None and isinstance(proxy, LossyProxy):
            object.__setattr__(self, "lost", lambda: proxy.lost)
