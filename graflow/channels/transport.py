"""Commands to a Redis server, sent until they are answered or the time is up."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from redis.exceptions import NoScriptError, RedisError

from graflow.channels.effort import Effort, NotExecuted
from graflow.channels.identity import Slot, free_slots
from graflow.channels.scripts import Script
from graflow.channels.senders import Part, Sender
from graflow.exceptions import ChannelUnavailableError

__all__ = ["ClosedTransport", "Transport"]


class Transport:
    """Sends commands again and again, if need be, until one is answered or the time is up.

    Attributes:
        server: The server's address, without credentials.
    """

    def __init__(self, sender: Sender, server: str, timeout: float) -> None:
        """Send the commands through `sender`.

        Args:
            sender: It makes one attempt at a time.
            server: The server's address, without credentials.
            timeout: Seconds that a command may take, all attempts together, > 0.
        """
        self.server = server
        self._sender = sender
        self._timeout = timeout

    def read(self, *command: Part) -> Any:
        """Send a command that changes nothing."""
        return self._answer(command, self._effort(writes=False))

    def run(
        self, script: Script, keys: Sequence[bytes], args: Sequence[Part], *, writes: bool
    ) -> Any:
        """Run a script that may run twice without harm."""
        return self._answer(_evaluate(script, keys, args), self._effort(writes=writes), script)

    def run_once(
        self, script: Script, keys: Sequence[bytes], slots: bytes, args: Sequence[Part]
    ) -> Any:
        """Run a script that must have its effect once, however often it is sent.

        Args:
            script: It takes a slot as its last key and a token as its first argument.
            keys: Its other keys.
            slots: What stands before the name of a slot in its key.
            args: Its other arguments.
        """
        try:
            slot = free_slots.pop()
        except IndexError:
            slot = Slot()
        command = _evaluate(script, (*keys, slots + slot.name), (slot.next_token(), *args))
        effort = self._effort(writes=True)
        reply = self._answer(command, effort, script, token_at=len(keys) + 4)
        if not effort.unanswered:
            free_slots.append(slot)
        return reply

    def _effort(self, *, writes: bool) -> Effort:
        return Effort(self.server, self._timeout, writes=writes)

    def _answer(
        self,
        command: Sequence[Part],
        effort: Effort,
        script: Script | None = None,
        token_at: int | None = None,
    ) -> Any:
        try:
            while True:
                try:
                    return self._attempt(command, effort, script)
                except (RedisError, OSError, NotExecuted) as error:
                    unanswered = effort.unanswered
                    time.sleep(effort.pause_after(error))
                    if token_at is not None and effort.unanswered and not unanswered:
                        command = _marked(command, token_at)
        finally:
            effort.failure = None  # its traceback leads back here, and to the connections

    def _attempt(self, command: Sequence[Part], effort: Effort, script: Script | None) -> Any:
        try:
            return self._sender.send(command, effort)
        except NoScriptError:
            if script is None:
                raise
            return self._sender.send(("EVAL", script.source, *command[2:]), effort)


class ClosedTransport(Transport):
    """Sends nothing: its channel was closed."""

    def __init__(self, server: str) -> None:
        """Remember which server it was."""
        self.server = server

    def _effort(self, *, writes: bool) -> Effort:
        raise ChannelUnavailableError("this handle on the channel is closed; open another one")


def _evaluate(script: Script, keys: Sequence[bytes], args: Sequence[Part]) -> Sequence[Part]:
    return ("EVALSHA", script.sha, len(keys), *keys, *args)


def _marked(command: Sequence[Part], at: int) -> Sequence[Part]:
    """Mark the token: an earlier copy may arrive later, so the script must remember any answer."""
    token = command[at]
    assert isinstance(token, bytes)
    return (*command[:at], token + b"!", *command[at + 1 :])
