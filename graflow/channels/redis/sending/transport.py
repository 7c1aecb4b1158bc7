"""Commands to a Redis server, sent until they are answered or time runs out; without I/O."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from redis.exceptions import NoScriptError

from graflow.channels.operation.told_errors import blame
from graflow.channels.process_ids import free_slots
from graflow.channels.redis.endpoints.passwords import Password
from graflow.channels.redis.errors import LATE, FencedError, code_of, evicting
from graflow.channels.redis.retrying import FAILURES, Effort
from graflow.channels.redis.scripts import Script, script
from graflow.channels.redis.sending.eviction import policy_of
from graflow.channels.redis.sending.once import Guard, Once, Tokens
from graflow.channels.redis.sending.requests import (
    Ask,
    Link,
    Part,
    Pause,
    Sending,
    carry_out,
    first_attempt,
)
from graflow.channels.redis.sending.routes import Route
from graflow.channels.redis.server_clock import ServerClock, clock_of
from graflow.exceptions import ChannelError
from graflow.system.clock import monotonic

__all__ = ["Transport"]

_FORGET = script("forget")
_OF_HOLDERS = script("renew"), script("release")  # they say what became of a lock, evicted or not
_LARGE = 65_536  # bytes of an answer; a smaller one is not worth a round trip
_LOOK_AGAIN = 60.0  # seconds after which a server's settings may have changed
_ASK_AGAIN = 3600.0  # and the rights of a user; each refusal fills the server's log


class Transport:
    """Has commands sent again and again, if need be, until one is answered or the time is up.

    Attributes:
        server: The server's address, without credentials.
    """

    def __init__(
        self,
        route: Route,
        server: str,
        timeout: float,
        *,
        passwords: Sequence[Password] = (),
        allow_eviction: bool,
        channel: str = "",
    ) -> None:
        """Send the commands on a route.

        Args:
            route: It makes one attempt at a time.
            server: The server's address, without credentials.
            timeout: Seconds that a command may take, all attempts together, > 0.
            passwords: What no error may show.
            allow_eviction: Whether the server may delete keys on its own.
            channel: The channel's name, for the log and for errors.
        """
        self.server = server
        self._route = route
        self._timeout = timeout
        self._passwords = passwords
        self._channel = channel
        self._is_wary = not allow_eviction
        # Where clients of all kinds have one name, it is not that of one server.
        clock = ServerClock() if route.repeats else clock_of(server)
        self._tokens = Tokens(clock, repeats=route.repeats)

    def read(self, *command: Part, key: str | None = None) -> Sending[Any]:
        """Send a command that changes nothing.

        Args:
            command: The command.
            key: The key that errors name.
        """
        return self._run(command, None, key, writes=False)

    def read_here(self, command: Sequence[Part], key: str) -> Any:
        """Do as `read` does, and wait for the reply in this thread."""
        now = monotonic()
        ask = self._ask_at_once(now, None)
        if ask is None:
            return carry_out(self._run(command, None, key, writes=False))
        deadline = now + self._timeout
        try:
            return ask(command, deadline)
        except FAILURES as failure:
            return carry_out(self._read_again(command, key, deadline, failure))

    def write(self, *command: Part) -> Sending[Any]:
        """Send a command that may happen twice without harm."""
        return self._run(command, None, None, writes=True)

    def run(
        self,
        script: Script,
        key: str | None,
        keys: Sequence[bytes],
        args: Sequence[Part] = (),
        *,
        writes: bool = False,
    ) -> Sending[Any]:
        """Run a script that may run twice without harm."""
        command = (b"EVALSHA", script.sha, b"%d" % len(keys), *keys, *args)
        return self._run(command, script, key, writes=writes)

    def run_once(
        self,
        script: Script,
        key: str | None,
        keys: Sequence[bytes],
        slots: bytes,
        args: Sequence[Part],
        guard: Guard | None = None,
    ) -> Sending[Any]:
        """Run a script that must have its effect once, however often it is sent.

        Args:
            script: It takes a slot as its last key and a token as its first argument.
            key: The key that errors name.
            keys: Its other keys.
            slots: What stands before the name of a slot in its key.
            args: Its other arguments.
            guard: What must be so for the script to run.
        """
        deadline = monotonic() + self._timeout
        return self._send_once(self._tokens.once(script, keys, slots, args, guard, deadline), key)

    def run_once_here(
        self,
        script: Script,
        key: str | None,
        keys: Sequence[bytes],
        slots: bytes,
        args: Sequence[Part],
        guard: Guard | None = None,
    ) -> Any:
        """Do as `run_once` does, and wait for the reply in this thread."""
        now = monotonic()
        once = self._tokens.once(script, keys, slots, args, guard, now + self._timeout)
        ask = self._ask_at_once(now, script)
        if ask is None:
            return carry_out(self._send_once(once, key))
        try:
            reply = ask(once.command, once.deadline)
        except NoScriptError:
            return carry_out(self._send_once(once, key))
        except FAILURES as failure:
            return carry_out(self._send_once(once, key, failure))
        free_slots.append(once.slot)
        if type(reply) is bytes and len(reply) > _LARGE:
            carry_out(self._forget(once))
        return reply

    def _ask_at_once(self, now: float, script: Script | None) -> Ask | None:
        """Return what makes a first attempt in this thread, if nothing has to be done before."""
        link = self._route.link
        if link is None or self._must_look(link, script, now):
            return None
        return link.ask

    def _send_once(
        self, once: Once, key: str | None, failure: Exception | None = None
    ) -> Sending[Any]:
        """Have the command sent, for the first time or after an attempt that failed."""
        try:
            if failure is not None:
                reply = yield from self._insist_once(once, failure)
            else:
                try:
                    reply = yield from self._first(once.command, once.script, once.deadline, True)
                except FAILURES as failed:
                    reply = yield from self._insist_once(once, failed)
                else:
                    if not self._route.repeats:
                        free_slots.append(once.slot)
        except ChannelError as error:
            blame(error, self._channel, key)
        finally:
            del failure  # its traceback leads to the connection
        if type(reply) is bytes and len(reply) > _LARGE:
            yield from self._forget(once)
        return reply

    def _insist_once(self, once: Once, failure: Exception) -> Sending[Any]:
        """Send a command with a token until it is answered, after an attempt that failed."""
        effort = self._effort(once.deadline, writes=True)
        keys = int(once.command[2])
        try:
            reply = yield from self._insist(once.command, once.script, effort, failure, keys + 3)
        except FencedError as error:
            assert once.guard is not None
            raise once.guard.error() from error
        finally:
            del failure
        if not (self._route.repeats or effort.unanswered):
            free_slots.append(once.slot)
        return reply

    def _forget(self, once: Once) -> Sending[None]:
        """Let the server keep a large answer no longer than it takes to arrive."""
        command = (b"EVALSHA", _FORGET.sha, b"1", once.name, once.number)
        with suppress(*FAILURES):  # then it keeps it until the slot expires
            yield from self._attempt(command, _FORGET, None, once.deadline, False)

    def _run(
        self, command: Sequence[Part], script: Script | None, key: str | None, *, writes: bool
    ) -> Sending[Any]:
        """Have a command sent that may be sent twice without harm."""
        deadline = monotonic() + self._timeout
        try:
            try:
                return (yield from self._first(command, script, deadline, writes))
            except FAILURES as failure:
                effort = self._effort(deadline, writes=writes)
                return (yield from self._insist(command, script, effort, failure))
        except ChannelError as error:
            blame(error, self._channel, key)

    def _read_again(
        self, command: Sequence[Part], key: str, deadline: float, failure: Exception
    ) -> Sending[Any]:
        """Have a command sent that changes nothing, after an attempt that failed."""
        try:
            effort = self._effort(deadline, writes=False)
            return (yield from self._insist(command, None, effort, failure))
        except ChannelError as error:
            blame(error, self._channel, key)
        finally:
            del failure

    def _first(
        self, command: Sequence[Part], script: Script | None, deadline: float, writes: bool
    ) -> Sending[Any]:
        """Make the first attempt."""
        try:
            link = self._route.link
            if link is None or self._must_look(link, script, monotonic()):
                return (yield from self._attempt(command, script, None, deadline, writes))
            return (yield first_attempt(link, command, deadline, writes))
        except NoScriptError:
            return (yield from self._attempt(command, script, None, deadline, writes))

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
    ) -> Sending[Any]:
        """Send the command until it is answered, after an attempt that failed."""
        try:
            while True:
                if token_at is not None:
                    failure = self._tokens.judged(failure, command[token_at], effort)
                yield Pause(effort.pause_after(failure), effort)
                if code_of(failure) != LATE:
                    self._route.acquaintance.ends = 0.0  # it may be another server now
                if token_at is not None:
                    command = self._tokens.stamped_again(command, token_at, failure, effort)
                try:
                    until, writes = effort.deadline, effort.writes
                    return (yield from self._attempt(command, script, effort, until, writes))
                except FAILURES as again:
                    failure = again
        finally:
            effort.failure = None  # its traceback leads back here, and to the connections
            del failure

    def _must_look(self, known: Link | Route, script: Script | None, now: float) -> bool:
        """Tell whether a server that was not looked at lately must be."""
        return now >= known.acquaintance.ends and self._is_wary and script not in _OF_HOLDERS

    def _attempt(
        self,
        command: Sequence[Part],
        script: Script | None,
        effort: Effort | None,
        deadline: float,
        writes: bool,
    ) -> Sending[Any]:
        """Make an attempt, with all that it takes before the server does what it is asked."""
        is_open = effort is None or not effort.unanswered  # else the answer is what matters now
        if is_open and self._must_look(self._route, script, monotonic()):
            yield from self._look(effort, deadline)
        try:
            return (yield from self._route.attempt(command, effort, deadline, writes))
        except NoScriptError:
            if script is None:
                raise
            command = ("EVAL", script.source, *command[2:])
            return (yield from self._route.attempt(command, effort, deadline, writes))

    def _look(self, effort: Effort | None, deadline: float) -> Sending[None]:
        """Look whether the server keeps what it is given.

        Raises:
            EvictionError: It does not.
        """
        policy = yield from policy_of(self._route, effort, deadline)
        if policy is not None and not policy.is_safe:
            raise evicting(self.server, policy)
        lasts = _LOOK_AGAIN if policy else _ASK_AGAIN
        self._route.acquaintance.ends = monotonic() + lasts
