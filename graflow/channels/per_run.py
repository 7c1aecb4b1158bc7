"""Channels of runs: one for each run of a workflow, all on one server."""

from __future__ import annotations

from typing import Generic, TypeVar

from graflow.channels.arguments import check_text
from graflow.channels.base import Channel

__all__ = ["PerRun"]

C = TypeVar("C", bound=Channel)


class PerRun(Generic[C]):
    """A function from a run's id to its channel, as `RedisChannel.per_run` makes it.

    `workflow(channel=...)` accepts it. Called with the id of a run that is over, it opens that
    run's channel again. It can be pickled whenever a channel can; the pickle contains the
    password.
    """

    def __init__(self, base: C) -> None:
        """Give each run a channel like `base`, with a name that begins with that of `base`."""
        self._base = base

    @property
    def name(self) -> str:
        """The common prefix of the channels' names."""
        return self._base.name

    def __call__(self, run_id: str) -> C:
        """Return a new handle on the channel of a run.

        Args:
            run_id: Non-empty text, as in `ctx.run_id`.

        Raises:
            ChannelTypeError, ChannelValueError: The id is not non-empty text.
        """
        # The only plain colon separates the two, so that no two pairs give the same name.
        name = self.name.replace("%", "%25").replace(":", "%3A")
        return self._base.beside(f"{name}:{check_text(run_id, 'run id')}")

    def __repr__(self) -> str:
        """Show the name and the server, without user and password."""
        return f"PerRun({self._base!r})"
