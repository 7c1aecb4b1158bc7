"""Files and file systems that an SQLite file can't be shared on."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

from graflow.exceptions import ChannelValueError

__all__ = ["check_file", "network_of"]

_MOUNTS: Final = Path("/proc/self/mountinfo")
_NETWORK: Final = {
    *("9p", "afs", "beegfs", "ceph", "cifs", "glusterfs", "gpfs", "lustre", "nfs", "nfs4"),
    *("smb3", "smbfs", "vboxsf", "virtiofs"),
    *("fuse.ceph", "fuse.davfs2", "fuse.gcsfuse", "fuse.glusterfs", "fuse.goofys"),
    *("fuse.juicefs", "fuse.rclone", "fuse.s3fs", "fuse.sshfs"),
}


def check_file(path: str) -> None:
    """Refuse what SQLite would take for a file that it can share, and can't.

    Args:
        path: Where the file is; one that does not exist is in order.

    Raises:
        ChannelValueError: It is a pipe or a device; or it has a second name (a hard link), under
            which others would keep another log, and damage the file.
    """
    try:
        state = os.stat(path)  # noqa: PTH116 - it is text
    except OSError:
        return
    if not stat.S_ISREG(state.st_mode) and not stat.S_ISDIR(state.st_mode):
        raise ChannelValueError(f"{path} is a pipe or a device; name a file")
    if stat.S_ISREG(state.st_mode) and state.st_nlink > 1:
        raise ChannelValueError(
            f"{path} has {state.st_nlink} names (hard links), and SQLite damages a file that is "
            "used under two of them; copy the file, or remove the other names"
        )


def network_of(path: str, mounts: Path = _MOUNTS) -> str | None:
    """Return the kind of a network file system that a path is on.

    Args:
        path: An absolute path without symbolic links; it need not exist.
        mounts: A file in the format of Linux's `/proc/self/mountinfo`.

    Returns:
        Its name, such as `nfs4`; `None` if it is another one, or the system does not tell, as
        only Linux does.
    """
    try:
        lines = mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return None
    nearest, kind = "", ""
    for line in lines:
        before, _, after = line.partition(" - ")
        place = _unescaped(before.split()[4])
        inside = place == "/" or path == place or path.startswith(place + os.sep)
        if inside and len(place) >= len(nearest):  # of two on one place, the later one is seen
            nearest, kind = place, after.split()[0]
    return kind if kind in _NETWORK else None


def _unescaped(place: str) -> str:
    for code, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        place = place.replace(code, character)
    return place
