"""File systems on which a file can't be shared are recognised."""

from __future__ import annotations

from pathlib import Path

import pytest

from graflow import SQLiteChannel
from graflow.channels.sqlite import database
from graflow.channels.sqlite.file_systems import network_of
from graflow.exceptions import ChannelValueError

MOUNTS = r"""22 28 0:21 / /sys rw,nosuid shared:7 - sysfs sysfs rw
28 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
40 28 0:50 / /home rw shared:2 - nfs4 server:/home rw,vers=4.2
41 40 8:2 / /home/ann/fast rw - xfs /dev/sdb1 rw
42 28 0:51 / /mnt/my\040share rw - cifs //server/share rw
43 28 0:52 / /data rw - ext4 /dev/sdc1 rw
44 43 0:53 / /data rw - fuse.sshfs server:/data rw
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/tmp/a.db", None),
        ("/home/ann/a.db", "nfs4"),
        ("/home/ann/fast/a.db", None),
        ("/homework/a.db", None),
        ("/mnt/my share/a.db", "cifs"),
        ("/data/a.db", "fuse.sshfs"),
    ],
)
def test_the_nearest_mount_decides(path: str, kind: str | None, tmp_path: Path) -> None:
    """Of two on one place, the one that is seen."""
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS)
    assert network_of(path, mounts) == kind


def test_a_system_that_does_not_tell_has_none(tmp_path: Path) -> None:
    """Nothing is refused there."""
    assert network_of("/home/a.db", tmp_path / "missing") is None


def test_a_file_on_one_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before it is made."""
    mounts = tmp_path / "mountinfo"
    mounts.write_text(f"28 1 8:1 / / rw - ext4 a rw\n29 28 0:9 / {tmp_path} rw - nfs4 b rw\n")
    monkeypatch.setattr(database, "network_of", lambda path: network_of(path, mounts))
    with pytest.raises(ChannelValueError, match=r"network file system \(nfs4\).*RedisChannel"):
        SQLiteChannel("notes", tmp_path / "channels.db")
    assert not (tmp_path / "channels.db").exists()
