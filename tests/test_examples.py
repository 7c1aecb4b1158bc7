"""The examples run, and come to the same result on every backend."""

from __future__ import annotations

from examples.package_report import report
from graflow import Channel, MemoryChannel


def test_the_package_report_is_the_same_on_every_backend(channel: Channel) -> None:
    """It counts real packages, and says why the bad record was refused."""
    found = report(channel)
    assert found == report(MemoryChannel())
    assert found["packages"] > 5
    assert found["refused"].startswith("files.bytes: ")
    assert "'3 MB'" in found["refused"]
