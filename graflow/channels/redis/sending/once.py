"""Commands that have their effect once: the slots and the tokens by which a server knows them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from graflow.channels.process_ids import Slot, free_slots
from graflow.channels.redis.errors import LATE, code_of
from graflow.channels.redis.retrying import BROKEN, Effort, NotExecuted
from graflow.channels.redis.scripts import Script
from graflow.channels.redis.sending.requests import Part
from graflow.channels.redis.server_clock import ServerClock, is_stamped

__all__ = ["Guard", "Once", "Tokens"]

_new: Final = tuple.__new__  # in half of the time: there is one for every change
_MARK = b"!"  # of a token: an earlier copy may arrive later, so any answer must be remembered


class Guard(NamedTuple):
    """What must be so for a change to happen.

    Attributes:
        key: A key on the server.
        record: What it must hold.
        error: Makes the error to raise where it does not.
    """

    key: bytes
    record: bytes
    error: Callable[[], Exception]


class Once(NamedTuple):
    """A command that must have its effect once.

    Attributes:
        command: With its token.
        script: What it runs.
        guard: What must be so for that.
        deadline: When it must have been answered, on the clock of `time.monotonic`.
        slot: Where the server remembers the answer.
        name: The slot's key on the server.
        number: What the token has of the slot.
    """

    command: Sequence[Part]
    script: Script
    guard: Guard | None
    deadline: float
    slot: Slot
    name: bytes
    number: bytes


class Tokens:
    """Gives commands their tokens, and says what a failure means for a command that has one."""

    __slots__ = ("_clock", "_repeats")

    def __init__(self, clock: ServerClock, *, repeats: bool) -> None:
        """Give tokens with deadlines.

        Args:
            clock: What is known of the server's clock.
            repeats: Whether a command may be sent more than once for one attempt.
        """
        self._clock, self._repeats = clock, repeats

    def once(
        self,
        script: Script,
        keys: Sequence[bytes],
        slots: bytes,
        args: Sequence[Part],
        guard: Guard | None,
        deadline: float,
    ) -> Once:
        """Return the command that runs a script; see `Transport.run_once`."""
        try:
            slot = Slot() if self._repeats else free_slots.pop()
        except IndexError:
            slot = Slot()
        number = slot.next_token()
        token = self._clock.stamp(number, deadline) + (_MARK if self._repeats else b"")
        name = slots + slot.name
        if guard is None:
            command = (b"EVALSHA", script.sha, b"%d" % (len(keys) + 1), *keys, name, token, *args)
            return _new(Once, (command, script, None, deadline, slot, name, number))
        script = script.fenced
        command = (b"EVALSHA", script.sha, b"%d" % (len(keys) + 2), *keys, name, guard.key)
        return Once(
            (*command, token, *args, guard.record), script, guard, deadline, slot, name, number
        )

    def judged(self, failure: Exception, token: Part, effort: Effort) -> Exception:
        """Return what a failure means for a command, and note whether a copy may be in doubt."""
        assert isinstance(token, bytes)
        has_deadline = is_stamped(token)
        if isinstance(failure, BROKEN) and not has_deadline:  # the server refuses it in any case
            refused = NotExecuted()
            refused.__cause__ = failure
            return refused
        if self._repeats and code_of(failure) == LATE and has_deadline:
            # Another copy may have been in time, of which nobody heard but the sender.
            self._clock.learn(failure)
            effort.unanswered = True
        return failure

    def stamped_again(
        self, command: Sequence[Part], at: int, failure: Exception, effort: Effort
    ) -> Sequence[Part]:
        """Return the command with the token that its next copy needs.

        Args:
            command: The one that failed.
            at: The place of its token.
            failure: Why it failed.
            effort: What is known of the attempts so far.
        """
        token = command[at]
        assert isinstance(token, bytes)
        if code_of(failure) == LATE:
            self._clock.learn(failure)
            token = self._clock.stamp_again(token, effort.deadline)
        if effort.unanswered and not token.endswith(_MARK):
            token += _MARK
        return (*command[:at], token, *command[at + 1 :])
