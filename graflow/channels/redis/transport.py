"""Commands to a Redis server, sent until they are answered or time runs out."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NoReturn

from redis.exceptions import NoScriptError

from graflow.channels.process_ids import Slot, free_slots
from graflow.channels.redis.connections import Part, Sender
from graflow.channels.redis.deadlines import operation
from graflow.channels.redis.endpoints.passwords import Password
from graflow.channels.redis.errors import LATE, code_of, evicting
from graflow.channels.redis.eviction import policy_of
from graflow.channels.redis.retrying import BROKEN, FAILURES, Effort, NotExecuted
from graflow.channels.redis.scripts import Script, script
from graflow.channels.redis.server_clock import ServerClock, clock_of, is_stamped
from graflow.exceptions import ChannelUnavailableError
from graflow.system.clock import monotonic

__all__ = ["ClosedTransport", "Transport"]

_FORGET = script("forget")
_OF_HOLDERS = script("renew"), script("release")  # they say what became of a lock, evicted or not
_LARGE = 65_536  # bytes of an answer; a smaller one is not worth a round trip
_LOOK_AGAIN = 60.0  # seconds after which a server's settings may have changed
_ASK_AGAIN = 3600.0  # and the rights of a user; each refusal fills the server's log
_MARK = b"!"  # of a token: an earlier copy may arrive later, so any answer must be remembered


class Transport:
    """Sends commands again and again, if need be, until one is answered or the time is up.

    Attributes:
        server: The server's address, without credentials.
    """

    def __init__(
        self,
        sender: Sender,
        server: str,
        timeout: float,
        *,
        passwords: Sequence[Password] = (),
        allow_eviction: bool,
        channel: str = "",
    ) -> None:
        """Send the commands through `sender`.

        Args:
            sender: It makes one attempt at a time.
            server: The server's address, without credentials.
            timeout: Seconds that a command may take, all attempts together, > 0.
            passwords: What no error may show.
            allow_eviction: Whether the server may delete keys on its own.
            channel: The channel's name, for the log.
        """
        self.server = server
        self._sender = sender
        self._timeout = timeout
        self._passwords = passwords
        self._channel = channel
        self._is_wary = not allow_eviction
        # Where clients of all kinds have one name, it is not that of one server.
        self._clock = ServerClock() if sender.repeats else clock_of(server)

    def read(self, *command: Part) -> Any:
        """Send a command that changes nothing."""
        return self._run(command, None, writes=False)

    def write(self, *command: Part) -> Any:
        """Send a command that may happen twice without harm."""
        return self._run(command, None, writes=True)

    def run(
        self, script: Script, keys: Sequence[bytes], args: Sequence[Part], *, writes: bool
    ) -> Any:
        """Run a script that may run twice without harm."""
        command = ("EVALSHA", script.sha, len(keys), *keys, *args)
        return self._run(command, script, writes=writes)

    def run_once(
        self,
        script: Script,
        keys: Sequence[bytes],
        slots: bytes,
        args: Sequence[Part],
        fence: tuple[bytes, bytes] | None = None,
    ) -> Any:
        """Run a script that must have its effect once, however often it is sent.

        Args:
            script: It takes a slot as its last key and a token as its first argument.
            keys: Its other keys.
            slots: What stands before the name of a slot in its key.
            args: Its other arguments.
            fence: A key, and what it must hold for the script to run.
        """
        repeats = self._sender.repeats
        try:
            slot = Slot() if repeats else free_slots.pop()
        except IndexError:
            slot = Slot()
        count = len(keys) + 1
        deadline = monotonic() + self._timeout
        number = slot.next_token()
        token = self._clock.stamp(number, deadline) + (_MARK if repeats else b"")
        if fence is None:
            command = ("EVALSHA", script.sha, count, *keys, slots + slot.name, token, *args)
        else:
            script, count = script.fenced, count + 1
            command = ("EVALSHA", script.sha, count, *keys, slots + slot.name, fence[0])
            command += (token, *args, fence[1])
        before, operation.deadline = operation.deadline, deadline
        try:
            reply = self._attempt(command, script, None)
        except FAILURES as failure:
            effort = self._effort(deadline, writes=True)
            reply = self._insist(command, script, effort, failure, token_at=count + 3)
            if not (effort.unanswered or repeats):
                free_slots.append(slot)
        else:
            if not repeats:
                free_slots.append(slot)
        finally:
            operation.deadline = before
        if type(reply) is bytes and len(reply) > _LARGE:
            self._forget(slots + slot.name, number)
        return reply

    def _forget(self, slot: bytes, number: bytes) -> None:
        """Let the server keep a large answer no longer than it takes to arrive."""
        with suppress(*FAILURES):  # then it keeps it until the slot expires
            self._attempt(("EVALSHA", _FORGET.sha, 1, slot, number), _FORGET, None)

    def _run(self, command: Sequence[Part], script: Script | None, *, writes: bool) -> Any:
        deadline = monotonic() + self._timeout
        before, operation.deadline = operation.deadline, deadline
        try:
            return self._attempt(command, script, None)
        except FAILURES as failure:
            effort = self._effort(deadline, writes=writes)
            return self._insist(command, script, effort, failure)
        finally:
            operation.deadline = before

    def _effort(self, deadline: float, *, writes: bool) -> Effort:
        return Effort(
            self.server,
            self._timeout,
            deadline,
            writes=writes,
            passwords=self._passwords,
            channel=self._channel,
        )

    def _insist(
        self,
        command: Sequence[Part],
        script: Script | None,
        effort: Effort,
        failure: Exception,
        token_at: int | None = None,
    ) -> Any:
        """Send the command until it is answered, after an attempt that failed."""
        try:
            while True:
                if token_at is not None:
                    failure = _as_refused(failure, command[token_at])
                    self._doubt(failure, command[token_at], effort)
                time.sleep(effort.pause_after(failure))
                if code_of(failure) != LATE:
                    self._sender.acquaintance.ends = 0.0  # it may be another server now
                if token_at is not None:
                    command = self._stamped(command, token_at, failure, effort)
                try:
                    return self._attempt(command, script, effort)
                except FAILURES as again:
                    failure = again
        finally:
            effort.failure = None  # its traceback leads back here, and to the connections
            del failure

    def _doubt(self, failure: Exception, token: Part, effort: Effort) -> None:
        """Note that a copy may have been in time of which nobody heard but the sender."""
        assert isinstance(token, bytes)
        if self._sender.repeats and code_of(failure) == LATE and is_stamped(token):
            self._clock.learn(failure)
            effort.unanswered = True

    def _stamped(
        self, command: Sequence[Part], at: int, failure: Exception, effort: Effort
    ) -> Sequence[Part]:
        """Return the command with the token that its next copy needs."""
        token = command[at]
        assert isinstance(token, bytes)
        if code_of(failure) == LATE:
            self._clock.learn(failure)
            token = self._clock.stamp_again(token, effort.deadline)
        if effort.unanswered and not token.endswith(_MARK):
            token += _MARK
        return (*command[:at], token, *command[at + 1 :])

    def _attempt(
        self, command: Sequence[Part], script: Script | None, effort: Effort | None
    ) -> Any:
        if (
            self._is_wary
            and script not in _OF_HOLDERS
            and monotonic() > self._sender.acquaintance.ends
            and (effort is None or not effort.unanswered)  # else the answer is what matters now
        ):
            self._look(effort)
        try:
            return self._sender.send(command, effort)
        except NoScriptError:
            if script is None:
                raise
            return self._sender.send(("EVAL", script.source, *command[2:]), effort)

    def _look(self, effort: Effort | None) -> None:
        """Look whether the server keeps what it is given.

        Raises:
            EvictionError: It does not.
        """
        policy = policy_of(self._sender, effort)
        if policy is not None and not policy.is_safe:
            raise evicting(self.server, policy)
        lasts = _LOOK_AGAIN if policy else _ASK_AGAIN
        self._sender.acquaintance.ends = monotonic() + lasts


class ClosedTransport(Transport):
    """Sends nothing: its channel was closed."""

    def __init__(self, server: str) -> None:
        """Remember which server it was."""
        self.server = server

    def run_once(
        self,
        script: Script,
        keys: Sequence[bytes],
        slots: bytes,
        args: Sequence[Part],
        fence: tuple[bytes, bytes] | None = None,
    ) -> Any:
        """Say that the channel is closed."""
        self._run((), script, writes=True)

    def _run(self, command: Sequence[Part], script: Script | None, *, writes: bool) -> NoReturn:
        raise ChannelUnavailableError("this handle on the channel is closed; open another one")


def _as_refused(failure: Exception, token: Part) -> Exception:
    """Return what a failure means where the server refuses the token, whenever it comes."""
    assert isinstance(token, bytes)
    if isinstance(failure, BROKEN) and not is_stamped(token):
        refused = NotExecuted()
        refused.__cause__ = failure
        return refused
    return failure
