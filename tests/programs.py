"""Programs that tests start beside themselves."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import AnyStr

__all__ = ["attended"]


@contextmanager
def attended(process: subprocess.Popen[AnyStr]) -> Iterator[subprocess.Popen[AnyStr]]:
    """Wait for a program at the end of the block, or kill it if the block fails.

    `Popen` by itself waits in either case, so that a failure would show as a test that hangs.
    """
    with process:
        try:
            yield process
        except BaseException:
            process.kill()
            raise
