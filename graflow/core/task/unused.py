"""Tasks put in order where that has no effect: outside a workflow, and the result is dropped."""

from __future__ import annotations

import dis
import sys
import warnings
from types import FrameType
from typing import Final

from graflow.exceptions import NeverRunWarning

__all__ = ["Unused"]

_DROP: Final = dis.opmap["POP_TOP"]
"""What Python does at the end of a statement that is nothing but an expression."""


class Unused:
    """Warns when the statement that made a node drops it.

    It is an attribute of the node, so it goes when the node does.
    """

    def __init__(self, frame: FrameType) -> None:
        """Take note of the code that makes the node."""
        self._maker = _told(frame)

    def __del__(self) -> None:
        """Warn if the node was not even assigned; one that is collected later may have had a use.

        Which instruction drops it tells that.
        """
        if sys.is_finalizing():
            return
        frame = sys._getframe(1)
        if frame.f_code.co_code[frame.f_lasti] == _DROP and _told(frame) == self._maker:
            warnings.warn(
                "tasks were put in order outside a workflow, which has no effect: do that inside "
                "`with workflow(...)`, or give what it returns to the workflow's method add",
                NeverRunWarning,
                stacklevel=2,
            )


def _told(frame: FrameType) -> tuple[str, str, int]:
    """Return what tells a piece of code from others, and can be pickled."""
    code = frame.f_code
    return code.co_filename, code.co_qualname, code.co_firstlineno
