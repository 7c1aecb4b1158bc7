"""Fences of runs that let something through."""

from __future__ import annotations

from typing import Any

from typing_extensions import override

from graflow.channels.backend import Backend, Change, Fence, FencedBackend
from graflow.testing import Capability
from tests.testing.broken.registry import Group
from tests.testing.dict_channel import DictBackend

__all__ = ["broken"]

broken = Group(Capability.COMMITS)


@broken(
    "a fence is forgotten",
    clause="A run that was taken over changes nothing any more",
)
class NoFence(DictBackend):
    @override
    def fenced(self, fence: Fence) -> Backend:
        return self


class HalfFenced(FencedBackend):
    """Takes a short way past the fence."""

    @override
    def apply(self, change: Change) -> Any:
        return self.inner.apply(change)


@broken(
    "a single change gets past a fence",
    clause="each of its writes raises `RunSupersededError`, whichever operation it is",
)
class LeakyFence(DictBackend):
    @override
    def fenced(self, fence: Fence) -> Backend:
        return HalfFenced(self, fence)
