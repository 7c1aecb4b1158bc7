"""Tasks put in order where that has no effect: outside a workflow, and the result is dropped."""

from __future__ import annotations

import sys
import warnings
from opcode import opmap
from types import FrameType
from typing import Final

from graflow.exceptions import NeverRunWarning

__all__ = ["Unused"]

_DROP: Final = opmap["POP_TOP"]
"""What Python does at the end of a statement that is nothing but an expression."""

_NOTHING: Final = opmap["CACHE"]
"""What stands between two instructions."""


class Unused:
    """Warns when the statement that made a node drops it.

    It is an attribute of the node, so it goes when the node does.
    """

    def __init__(self, frame: FrameType) -> None:
        """Take note of the code that makes the node."""
        self._maker = _told(frame)
        self._made_at = frame.f_lasti

    def __del__(self) -> None:
        """Warn if nobody has seen the node: the next thing that was done was to drop it.

        One that was in a variable, a list or somebody else's hands, even in the same statement, may
        have had a use.
        """
        frame = None if sys.is_finalizing() else sys._getframe().f_back
        if frame is None or _told(frame) != self._maker:  # a thread that ends has no frame
            return
        code = frame.f_code.co_code
        between = code[self._made_at + 2 : frame.f_lasti : 2]
        if (
            code[frame.f_lasti] == _DROP
            and self._made_at < frame.f_lasti
            and set(between) <= {_NOTHING}
        ):
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
