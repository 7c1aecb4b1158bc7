"""Loggers of the library, silent until a program gives them a handler."""

from __future__ import annotations

import logging
from typing import Final

__all__ = ["CHANNELS", "RUN"]

logging.getLogger("graflow").addHandler(logging.NullHandler())

CHANNELS: Final = logging.getLogger("graflow.channels")
"""Tells of operations and locks. It is given the names of channels and keys, and never a value."""

RUN: Final = logging.getLogger("graflow.run")
"""Tells of tasks, workers and observers. It is given types of errors, and never their texts."""
