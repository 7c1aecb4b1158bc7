"""Requests of the steps in which a command is sent, and the driver of a thread for them."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from typing import Any, ClassVar, Final, NamedTuple, Protocol, TypeAlias, TypeVar

from graflow.channels.commits.commit import Steps
from graflow.channels.redis.retrying import Effort

__all__ = [
    "Acquaintance",
    "Ask",
    "Attempt",
    "Link",
    "Part",
    "Pause",
    "Perform",
    "Sending",
    "carry_out",
    "first_attempt",
]

R = TypeVar("R")

_new: Final = tuple.__new__

Part = str | bytes
"""A part of a command.

Not a number: hiredis looks for signals when it writes one, and crashes if a handler raises.
"""


class Acquaintance:
    """A server that was looked at, so that it is known whether it keeps what it is given.

    Attributes:
        ends: When to look again, on the clock of `time.monotonic`.
    """

    __slots__ = ("ends",)

    def __init__(self) -> None:
        """Know nothing."""
        self.ends = 0.0


Ask: TypeAlias = Callable[[Sequence[Part], float], Any]
"""A function that sends a command once, waits until a deadline, and returns the reply."""


class Link(Protocol):
    """The way to one server, on which attempts at commands are made.

    Attributes:
        repeats: Whether it may send a command more than once for one attempt.
    """

    repeats: ClassVar[bool]

    @property
    def ask(self) -> Ask | None:
        """Makes a first attempt, if this thread may wait for the reply; see `Attempt`.

        Nearly every operation is a single attempt, and has it made without a driver then.
        """

    @property
    def acquaintance(self) -> Acquaintance:
        """What is known of the server that gets the next command."""


class Attempt(NamedTuple):
    """Send a command once. Answer: the reply, texts as bytes.

    It raises `NotExecuted` if the command was not sent, or not to a server that would execute it;
    and an error of redis-py or an `OSError` if the connection broke, or the server refused.

    Attributes:
        link: Where it is sent.
        command: The command.
        effort: `None` for the first attempt; then what is known of those before: `failure` is
            what the latest raised.
        deadline: When it must be answered, on the clock of `time.monotonic`.
        writes: Whether the command may change something.
        asking: Whether it goes to a node of a cluster that is yet to get its key.
        shared: Whether one reply will do for all that send the same at the same time.
    """

    link: Any
    command: Sequence[Part]
    effort: Effort | None
    deadline: float
    writes: bool = False
    asking: bool = False
    shared: bool = False


def first_attempt(link: Link, command: Sequence[Part], deadline: float, writes: bool, /) -> Attempt:
    """Return a first attempt, in half of the time: there is one for every operation."""
    return _new(Attempt, (link, command, None, deadline, writes, False, False))


class Pause(NamedTuple):
    """Wait before the next attempt.

    Attributes:
        seconds: For how long.
        effort: What is known of the attempts so far.
    """

    seconds: float
    effort: Effort


class Perform(NamedTuple):
    """Carry out an operation on the channel's backend. Answer: its result."""

    steps: Steps[Any]


Sending: TypeAlias = Generator[Attempt | Pause | Perform, Any, R]
"""The steps in which something is asked of a server; they do no I/O themselves.

`carry_out` carries them out in a thread, and `asynchronous.driver` on an event loop.
"""


def carry_out(steps: Sending[R], backend: Any = None) -> R:
    """Carry out the steps, in this thread, and return their result.

    Args:
        steps: Attempts in them are made on links whose `send` blocks.
        backend: The backend of the channel.
    """
    try:
        request = steps.send(None)
        while True:
            try:
                if type(request) is Attempt:
                    answer = request.link.send(request)
                elif type(request) is Pause:
                    answer = time.sleep(request.seconds)  # type: ignore[func-returns-value]
                else:
                    answer = backend.perform(request.steps)  # type: ignore[union-attr]
            except Exception as error:  # noqa: BLE001 - the steps decide what it means
                request = steps.throw(error)
            else:
                request = steps.send(answer)
    except StopIteration as end:
        result: R = end.value
        return result
