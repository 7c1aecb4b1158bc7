"""Retry policy: whether a failed operation is sent again, decided without any I/O."""

from __future__ import annotations

from collections.abc import Sequence

from redis.exceptions import (
    AuthenticationError,
    AuthorizationError,
    ConnectionError,
    RedisError,
    TimeoutError,
)

from graflow.channels.redis.endpoints.passwords import Password, scrub
from graflow.channels.redis.errors import (
    LATE,
    PASSING,
    REDIRECTIONS,
    TooLongError,
    code_of,
    outcome_unknown,
    translate,
    unavailable,
)
from graflow.exceptions import ChannelError
from graflow.system.chance import CHANCE
from graflow.system.clock import monotonic
from graflow.system.logs import CHANNELS
from graflow.system.notices import notice

__all__ = ["BROKEN", "FAILURES", "Effort", "NotExecuted"]

BROKEN = (ConnectionError, TimeoutError, OSError)
"""What redis-py raises when a connection can't be had, or breaks."""

_FINAL = (AuthenticationError, AuthorizationError)
_FIRST_PAUSE = 0.01  # seconds between two attempts, doubled up to the longest
_LONGEST_PAUSE = 0.5
_WORTHWHILE = 0.1  # of the time; an attempt that has less can only spoil what is known


class NotExecuted(Exception):
    """The command was not sent, or not to a server that would execute it; its cause says why."""


FAILURES = (NotExecuted, RedisError, OSError)
"""What an attempt raises that fails."""


class Effort:
    """An operation whose first attempt failed: how often it was tried, how long it may go on.

    Attributes:
        deadline: When the time is up, on the clock of `time.monotonic`.
        failure: What the latest attempt raised, for the next one to take another way.
        unanswered: Whether an attempt was sent and got no answer. It may have been executed,
            or be executed still.
        writes: Whether the operation changes something.
    """

    __slots__ = (
        "_attempts",
        "_channel",
        "_last_start",
        "_passwords",
        "_pause",
        "_server",
        "deadline",
        "failure",
        "unanswered",
        "writes",
    )

    def __init__(
        self,
        server: str,
        timeout: float,
        deadline: float,
        *,
        writes: bool,
        passwords: Sequence[Password] = (),
        channel: str = "",
    ) -> None:
        """Take over after the first attempt; `pause_after` is told how it failed.

        Args:
            server: The server's address, without credentials.
            timeout: Seconds that all attempts together may take.
            deadline: When they must have ended, on the clock of `time.monotonic`.
            writes: Whether the operation changes something.
            passwords: What no error may show.
            channel: The channel's name, for the log.
        """
        self._passwords = passwords
        self._channel = channel
        self.failure: BaseException | None = None
        self.unanswered = False
        self._server = server
        self.writes = writes
        self.deadline = deadline
        self._last_start = deadline - timeout * _WORTHWHILE
        self._attempts = 0
        self._pause = _FIRST_PAUSE

    @property
    def in_doubt(self) -> bool:
        """Whether it may have changed something, or may change something yet."""
        return self.unanswered and self.writes

    def pause_after(self, failure: BaseException) -> float:
        """Return the seconds to wait before the next attempt.

        Args:
            failure: What the attempt raised: `NotExecuted`, or an exception of redis-py.

        Raises:
            ChannelError: There is no next attempt: the server refused the operation for good,
                or the time is up.
        """
        self._attempts += 1
        passing = isinstance(failure, NotExecuted) or code_of(failure) in PASSING
        cause = failure.__cause__ if isinstance(failure, NotExecuted) else failure
        if not passing and isinstance(failure, BROKEN) and not isinstance(failure, _FINAL):
            self.unanswered = passing = True
        if isinstance(failure, TooLongError):
            self.unanswered = False  # the copies before were refused as well, though unheard
        before, code = code_of(self.failure), code_of(failure)
        scrub(self.failure, self._passwords)  # what is raised at last may have it as its context
        self.failure = failure
        if code == LATE and self.unanswered:
            # The copy before had the same deadline. It may have happened, and the server has
            # forgotten that with the deadline.
            raise self._end(cause) from cause
        if (code in REDIRECTIONS and before not in REDIRECTIONS) or (code == LATE != before):
            return 0.0
        if not passing or isinstance(cause, _FINAL) or monotonic() + self._pause > self._last_start:
            raise self._end(cause) from cause
        pause, self._pause = self._pause, min(2 * self._pause, _LONGEST_PAUSE)
        notice("resend", self._server)
        CHANNELS.info(
            "Attempt %d at an operation on channel %r failed (%s); it is sent again to %s",
            self._attempts,
            self._channel,
            type(cause).__name__,
            self._server,
            extra={"channel": self._channel},
        )
        return pause * CHANCE.uniform(0.5, 1)

    def _end(self, cause: BaseException | None) -> ChannelError:
        scrub(self.failure, self._passwords)
        if self.unanswered and self.writes:
            notice("unknown_outcome", self._server)
            CHANNELS.warning(
                "An operation on channel %r may have happened or not: no answer from %s",
                self._channel,
                self._server,
                extra={"channel": self._channel},
            )
            return outcome_unknown(cause, self._server, self._attempts)
        if code_of(cause) not in ("", "LOADING") or not isinstance(cause, BROKEN):
            assert cause is not None
            return translate(cause, self._server)
        return unavailable(cause, self._server, self._attempts)
