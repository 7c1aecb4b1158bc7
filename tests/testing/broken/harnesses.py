"""Harnesses with a means that does nothing, or not what it should, on channels that are right."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from graflow.testing import Capabilities, Capability, Harness
from tests.testing.broken.lost_replies import LossyChannel
from tests.testing.broken.registry import lossy_harness
from tests.testing.dict_channel import DictChannel, DictChannels

__all__ = ["HARNESSES", "VacuousHarness"]


@dataclass(frozen=True, slots=True)
class VacuousHarness:
    """A harness with a means that does not work.

    Attributes:
        means: The means.
        capability: The part of the suite that has to notice.
        reach: Returns the harness.
    """

    means: str
    capability: Capability
    reach: Callable[[], Harness]


HARNESSES: dict[str, VacuousHarness] = {}
"""By what is wrong with them."""


def vacuous(
    name: str, means: str, capability: Capability
) -> Callable[[Callable[[], Harness]], Callable[[], Harness]]:
    """Enter a function that returns a harness."""

    def enter(reach: Callable[[], Harness]) -> Callable[[], Harness]:
        HARNESSES[name] = VacuousHarness(means, capability, reach)
        return reach

    return enter


@vacuous("replies are never cut", "cut_reply", Capability.LOST_REPLIES)
def never_cuts() -> Harness:
    return replace(lossy_harness(LossyChannel), cut_reply=lambda: None)


@vacuous("only the first reply is cut", "cut_reply", Capability.LOST_REPLIES)
def cuts_once() -> Harness:
    harness, times = lossy_harness(LossyChannel), []

    def cut() -> None:
        times.append(1)
        if len(times) == 1 and harness.cut_reply is not None:
            harness.cut_reply()

    return replace(harness, cut_reply=cut)


@vacuous("time never passes", "advance", Capability.TTL)
def never_advances() -> Harness:
    return Harness(open=DictChannels().open, advance=lambda seconds: None)


@vacuous("time passes for some channels", "advance", Capability.TTL)
def advances_some() -> Harness:
    moving, standing = DictChannels(), DictChannels()

    def open_channel(name: str) -> Any:
        return (standing if "other" in name else moving).open(name)

    return Harness(open=open_channel, advance=moving.advance)


@vacuous("time passes in milliseconds", "advance", Capability.TTL)
def advances_too_far() -> Harness:
    channels = DictChannels()
    return Harness(
        open=channels.open, advance=lambda milliseconds: channels.advance(milliseconds * 1000)
    )


@vacuous("a restart restarts nothing", "restart", Capability.DURABILITY)
def never_restarts() -> Harness:
    return Harness(
        open=DictChannels().open,
        restart=lambda: None,
        started=lambda: 4711,
        capabilities=Capabilities(durable=True),
    )


@vacuous("what is stored is never found", "read", Capability.PLAIN_JSON)
def reads_nothing() -> Harness:
    return Harness(open=DictChannels().open, read=lambda name, key: None)


@vacuous("what is read was decoded", "read", Capability.PLAIN_JSON)
def reads_decoded() -> Harness:
    channels = DictChannels()
    return Harness(open=channels.open, read=lambda name, key: channels.open(name).get(key))


@vacuous("what is read was decoded and encoded", "read", Capability.PLAIN_JSON)
def reads_encoded_again() -> Harness:
    channels = DictChannels()

    def read(name: str, key: str) -> bytes | list[bytes] | None:
        value = channels.open(name).get(key)
        if isinstance(value, list):
            return [json.dumps(item).encode() for item in value]
        return None if value is None else json.dumps(value).encode()

    return Harness(open=channels.open, read=read)


@vacuous("another channel is opened", "open", Capability.KEYS)
def opens_another() -> Harness:
    channels = DictChannels()
    return Harness(open=lambda name: channels.open(name.replace("/", "-")))


@vacuous("one handle is given again and again", "open", Capability.KEYS)
def opens_once() -> Harness:
    channels = DictChannels()
    handles: dict[str, DictChannel] = {}

    def open_channel(name: str) -> DictChannel:
        if name not in handles:
            handles[name] = channels.open(name)
        return handles[name]

    return Harness(open=open_channel)
