"""Registry of broken channels: groups, each about one part of the contract."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from graflow.testing import Capabilities, Capability, Harness
from tests.testing.dict_channel import DictBackend, DictChannel, DictChannels, Store

__all__ = [
    "BrokenChannel",
    "Group",
    "Losses",
    "channel_on",
    "dict_harness",
    "flat_harness",
    "lossy_harness",
]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class BrokenChannel:
    """A kind of channel with one realistic defect.

    Attributes:
        name: What is wrong with it.
        clause: Words of `docs/contract.md` that it breaks.
        capability: The part of the suite that has to reject it, whatever others find.
        reach: Gives the means to reach new channels of this kind.
    """

    name: str
    clause: str
    capability: Capability
    reach: Callable[[], AbstractContextManager[Harness]]

    def __str__(self) -> str:
        return self.name


class Group:
    """Broken channels that break one part of the contract.

    A group is a decorator that enters a channel, or the backend of one:

        @broken("a tuple becomes a list", clause="a tuple does not become a list")
        class TupleToList(DictBackend): ...

    Attributes:
        members: All that were entered.
    """

    def __init__(self, capability: Capability, harness: Callable[[Any], Any] | None = None) -> None:
        """Begin an empty group.

        Args:
            capability: The part of the suite that has to reject them, unless one says otherwise.
            harness: Returns the harness of what was entered, or a context manager that gives it;
                `dict_harness` by default.
        """
        self._capability = capability
        self._harness = dict_harness if harness is None else harness
        self.members: list[BrokenChannel] = []

    def __call__(self, name: str, *, clause: str, by: Capability | None = None) -> Callable[[T], T]:
        """Return a decorator that enters what is broken.

        Args:
            name: What is wrong with it.
            clause: Words of the contract that it breaks.
            by: The part of the suite that has to reject it, if it is not the group's.
        """

        def enter(kind: T) -> T:
            def reach() -> AbstractContextManager[Harness]:
                found = self._harness(kind)
                return nullcontext(found) if isinstance(found, Harness) else found

            self.members.append(BrokenChannel(name, clause, by or self._capability, reach))
            return kind

        return enter


def channel_on(kind: Any) -> type[DictChannel]:
    """Return the class of channels on a kind of backend; a class of channels is its own."""
    if issubclass(kind, DictBackend):
        return type(f"On{kind.__name__}", (DictChannel,), {"kind": kind})
    channel: type[DictChannel] = kind
    return channel


def dict_harness(kind: Any) -> Harness:
    """Return the harness of a channel, or a backend, on a dict."""
    return _harness_of(DictChannels(channel_on(kind)))


class FlatChannels(DictChannels):
    """One store for all names."""

    def open(self, name: str) -> Any:
        """Open one more handle on the channel called `name`."""
        store = self.stores.setdefault("", Store(lambda: self._now))
        return self.kind(name, store)


def flat_harness(kind: Any) -> Harness:
    """Return the harness of a backend that keeps all channels in one dict."""
    return _harness_of(FlatChannels(channel_on(kind)))


class Losses:
    """The replies that a connection loses.

    Attributes:
        is_due: Whether it loses the next reply to a write.
        lost: How many it has lost.
    """

    def __init__(self) -> None:
        self.is_due = False
        self.lost = 0

    def cut_reply(self) -> None:
        """Lose the next one."""
        self.is_due = True

    def take(self) -> bool:
        """Lose a reply if one is due, and tell whether one was."""
        is_due, self.is_due = self.is_due, False
        self.lost += is_due
        return is_due

    @classmethod
    def of(cls, store: Store) -> Losses:
        """Return the losses of all channels of a harness, one of which has this store."""
        losses: Losses = vars(store)["losses"]
        return losses


def lossy_harness(kind: Any) -> Harness:
    """Return the harness of a backend that loses replies, which it asks `Losses` for."""
    channels, losses = DictChannels(channel_on(kind)), Losses()

    def open_channel(name: str) -> Any:
        channel = channels.open(name)
        vars(channels.stores[name])["losses"] = losses
        return channel

    return replace(
        _harness_of(channels),
        open=open_channel,
        cut_reply=losses.cut_reply,
        lost=lambda: losses.lost,
        capabilities=Capabilities(remote=True),
    )


def _harness_of(channels: DictChannels) -> Harness:
    return Harness(
        open=channels.open,
        advance=channels.advance,
        read=lambda name, key: channels.open(name).backend.get(key),
    )
