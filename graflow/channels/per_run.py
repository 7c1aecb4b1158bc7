"""Channels of runs: one for each run of a workflow, all on one server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from graflow.channels.arguments import check_text

if TYPE_CHECKING:
    from graflow.channels.redis_channel import RedisChannel

__all__ = ["PerRun"]

C = TypeVar("C", bound="RedisChannel")


class PerRun(Generic[C]):
    """A function from the id of a run to the channel of that run; `RedisChannel.per_run` makes one.

    `workflow(channel=...)` takes it. Called with the id of a run that is over, it opens the
    channel of that run again. It can be pickled, as far as a channel can; the pickle holds the
    password.
    """

    def __init__(self, base: C) -> None:
        """Give each run a channel like `base`, whose name begins with that of `base`."""
        self._base = base

    @property
    def name(self) -> str:
        """What the names of the channels begin with."""
        return self._base.name

    def __call__(self, run_id: str) -> C:
        """Return a new handle on the channel of a run.

        Args:
            run_id: Non-empty text, as `ctx.run_id` has it.

        Raises:
            ChannelTypeError, ChannelValueError: It is no such text.
        """
        # No colon but that between the two, so that no two pairs make one name.
        name = self.name.replace("%", "%25").replace(":", "%3A")
        return self._base._beside(f"{name}:{check_text(run_id, 'run id')}")

    def __repr__(self) -> str:
        """Show the name and the server, without user and password."""
        return f"PerRun({self._base!r})"
