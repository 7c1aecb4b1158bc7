"""hiredis, which writes and reads the protocol of servers, where it is to be had.

There is none for WebAssembly, where nothing connects to a server either. Programs that run there
can still import channels on servers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import hiredis
else:
    try:
        import hiredis
    except ModuleNotFoundError:
        hiredis = None

__all__ = ["hiredis"]
