"""Chance, so that those who wait for the same thing do not all come back at the same moment."""

from __future__ import annotations

from random import SystemRandom
from typing import Final

__all__ = ["CHANCE"]

CHANCE: Final = SystemRandom()
"""Random numbers of the system: no program or test seeds them, and no fork copies their state.

Children of one process would otherwise draw the same numbers, and pause in the same rhythm.
"""
