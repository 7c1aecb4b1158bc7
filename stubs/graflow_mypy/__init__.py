"""The mypy plugin of graflow: keys, schemas and results checked across the whole program.

Set it up in mypy's configuration, as `docs/mypy.md` shows:

    [mypy]
    plugins = graflow_mypy
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from graflow_mypy.plugin import GraflowPlugin

__all__ = ["GraflowPlugin", "plugin"]


def _digest() -> str:
    """Return a digest of the plugin's source, which differs even within one version number."""
    found = hashlib.sha1(usedforsecurity=False)
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        found.update(path.read_bytes())
    return found.hexdigest()[:16]


__version__ = _digest()
"""Mypy drops its cache when this differs."""

GraflowPlugin.version = __version__


def plugin(version: str) -> type[GraflowPlugin]:
    """Return the plugin, which is tested with mypy 1.19 and newer."""
    return GraflowPlugin
