"""A proxy in front of a server of the tests, which loses replies to scripts that ran."""

from __future__ import annotations

from graflow.testing.proxy import Fault, LossyProxy
from graflow.testing.servers import has_written
from tests.servers import Server

__all__ = ["run_proxy", "url_of"]


def run_proxy(server: Server, fault: Fault = Fault.CUT) -> LossyProxy:
    """Run a proxy in front of a server for the length of a `with` block."""
    return LossyProxy(("127.0.0.1", server.port), is_write=has_written, fault=fault)


def url_of(proxy: LossyProxy) -> str:
    """Return where clients connect to."""
    return f"redis://127.0.0.1:{proxy.port}/0"
