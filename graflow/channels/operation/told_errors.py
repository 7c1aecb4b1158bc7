"""Errors of channels, told with the channel and the key."""

from __future__ import annotations

from typing import NoReturn

from graflow.channels.commits.commit import NotAList, Push, Refusal
from graflow.channels.hidden_keys import shown_key
from graflow.exceptions import ChannelError, ChannelKeyError, ChannelTypeError

__all__ = ["blame", "misfit", "no_list", "no_list_to_grow", "no_number", "no_value"]


def blame(error: ChannelError, name: str, key: str | None) -> NoReturn:
    """Raise an error again, with the channel and the key added to it if it has none.

    Args:
        error: The error.
        name: The channel's name; empty if the error is about a whole server.
        key: The key as it is stored, if the error is about one.
    """
    if error.channel is None and name:
        shown = None if key is None else shown_key(key)
        about = f"channel {name!r}" + ("" if key is None else f", key {shown!r}")
        error.args = (f"{about}: {error}",)
        error.channel, error.key = name, shown
    raise error


def no_value(name: str, key: str, advice: str = "") -> ChannelKeyError:
    """Return the error for a key without a value."""
    return ChannelKeyError(
        f"channel {name!r} holds nothing under key {shown_key(key)!r}{advice}",
        channel=name,
        key=shown_key(key),
    )


def no_list(name: str, key: str, operation: str) -> ChannelTypeError:
    """Return the error for a list operation on something else."""
    return ChannelTypeError(
        f"can't {operation}: key {shown_key(key)!r} of channel {name!r} holds a value that is not "
        "a list; delete the key first, or use another one",
        channel=name,
        key=shown_key(key),
    )


def no_list_to_grow(name: str, push: Push) -> ChannelTypeError:
    """Return the error for an item that was to be added to something else."""
    return no_list(name, push.key, "prepend" if push.at_head else "append")


def no_number(name: str, key: str) -> ChannelTypeError:
    """Return the error for an addition to something else."""
    return ChannelTypeError(
        f"can't add to key {shown_key(key)!r} of channel {name!r}: it does not hold a number",
        channel=name,
        key=shown_key(key),
    )


def misfit(name: str, refused: Refusal) -> ChannelTypeError:
    """Return the error for a change, one of several, that does not fit what its key holds."""
    if isinstance(refused, NotAList):
        return no_list(name, refused.key, "append or prepend")
    return no_number(name, refused.key)
