"""Loggers of the library, silent until a program gives them a handler."""

from __future__ import annotations

import logging
from typing import Final

__all__ = ["CHANNELS", "PAGE", "RUN"]

logging.getLogger("graflow").addHandler(logging.NullHandler())

CHANNELS: Final = logging.getLogger("graflow.channels")
"""Logs operations and locks, with the names of channels and keys, and never a value."""

RUN: Final = logging.getLogger("graflow.run")
"""Logs tasks, workers and observers, with the types of errors, and never their texts."""

PAGE: Final = logging.getLogger("graflow.ui")
"""Logs what goes wrong in the page, and whether other machines can reach it."""
