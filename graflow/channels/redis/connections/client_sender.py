"""A sender of commands through a client of a kind that is not known here."""

from __future__ import annotations

import os
from typing import Any, ClassVar

from redis.exceptions import ResponseError

from graflow.channels.redis.refusals import refused_by_server
from graflow.channels.redis.sending.requests import Acquaintance, Attempt
from graflow.exceptions import ChannelTypeError

__all__ = ["ClientSender"]


class ClientSender:
    """A sender of commands through a client, of which only `execute_command` is used.

    The client has timeouts of its own, and may send a command again behind our back.
    """

    repeats: ClassVar[bool] = True
    ask = None

    def __init__(self, client: Any) -> None:
        """Use `client` as it is."""
        self.acquaintance = Acquaintance()
        self._client = client
        self._process = os.getpid()

    def send(self, attempt: Attempt) -> Any:
        """Make the attempt, and wait for the reply for as long as the client does.

        Raises:
            ChannelTypeError: The process was forked from the one that made the client, and so
                may have its locks from threads that are not here to free them.
        """
        if os.getpid() != self._process:
            raise ChannelTypeError(
                f"a {type(self._client).__name__} with a pool or methods of its own can't be used "
                "in a process that was forked after it was made; make the client and the channel "
                "there, or make the channel from a URL"
            )
        try:
            return self._client.execute_command(*attempt.command, NEVER_DECODE=True)
        except ResponseError as error:
            refused_by_server(error, attempt.command)
            raise
