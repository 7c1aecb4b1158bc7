"""Folders that all workers of a run of tests share, each made by the first that asks for it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from graflow.system.file_locks import FileLock

__all__ = ["MadeOnce"]


class MadeOnce:
    """Makes what is dear to make: the files of a release, the cache of a type checker."""

    def __init__(self, config: pytest.Config, factory: pytest.TempPathFactory) -> None:
        """Find the place that is the same for all workers."""
        own = factory.getbasetemp()
        self._place = own.parent if hasattr(config, "workerinput") else own

    def __call__(self, name: str, make: Callable[[Path], object]) -> Path:
        """Return the folder of a name, which is to be read only.

        Args:
            name: Of the folder, for whoever wants the same in it.
            make: Fills an empty folder, which gets its name once it is full.
        """
        folder, filling = self._place / name, self._place / f"{name} (being made)"
        with FileLock(self._place / f"{name}.lock") as lock:
            lock.acquire(timeout=None)
            if not folder.exists():
                shutil.rmtree(filling, ignore_errors=True)
                filling.mkdir()
                make(filling)
                filling.rename(folder)
        return folder
