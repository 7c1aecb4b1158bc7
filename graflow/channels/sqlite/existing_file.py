"""Existing files: whether there is one that holds channels, found without changing anything."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from graflow.channels.sqlite import layout
from graflow.channels.sqlite.file_systems import check_file
from graflow.channels.sqlite.sqlite_errors import is_busy, translate
from graflow.exceptions import ChannelNotFoundError, ChannelValueError

__all__ = ["require_file"]


def require_file(path: str) -> None:
    """Require that a file holds channels, or at least could.

    Raises:
        ChannelNotFoundError: There is no such file, or nothing has been stored in it yet.
        ChannelError: It is something else, or it can't be read.
    """
    where = os.path.realpath(path)
    if os.path.isdir(where):  # noqa: PTH112 - it is text
        raise ChannelValueError(f"{where} is a folder; name a file in it")
    if not os.path.exists(where):  # noqa: PTH110
        root = f"/{path}"
        is_there = os.path.isfile(root)  # noqa: PTH113 - `Path` raises at what can't be looked at
        hint = f", but {root}; its URL is sqlite:///{root}" if is_there else ""
        raise ChannelNotFoundError(f"there is no file {where}{hint}")
    check_file(where)
    try:
        with closing(sqlite3.connect(f"{Path(where).as_uri()}?mode=ro", uri=True)) as connection:
            is_ours = layout.is_current(connection, where) or layout.is_ours(connection)
    except sqlite3.Error as error:
        if is_busy(error):
            return  # whoever uses it has made it
        raise translate(error, where) from error
    if not is_ours:
        raise ChannelNotFoundError(f"{where} is empty: no channel was ever stored in it")
