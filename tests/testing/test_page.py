"""The backend of the documentation keeps the contract, and fails as the page says."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from graflow import ChannelDataError, ChannelServerError, ChannelUnavailableError
from tests.pages import write_modules
from tests.paths import ROOT

PAGE = "docs/backends.md"
FEWER = """
from test_directory_channel import TestDirectoryChannel as _TestDirectoryChannel


class TestPage(_TestDirectoryChannel):
    examples = 5
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module of the page."""
    write_modules(PAGE, tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "directory_channel", raising=False)
    return importlib.import_module("directory_channel")


@pytest.mark.parametrize(
    "those",
    [
        "values",
        pytest.param("not (threads or processes or commits)", marks=pytest.mark.thorough),
        pytest.param("", marks=pytest.mark.long),
    ],
)
def test_the_suite_accepts_the_example(those: str, tmp_path: Path) -> None:
    """The code of the page and its test, as they stand there; with fewer examples."""
    assert write_modules(PAGE, tmp_path) == ["directory_channel.py", "test_directory_channel.py"]
    (tmp_path / "test_page.py").write_text(FEWER)
    options = ["-q", "-p", "no:cacheprovider", "-c", str(ROOT / "pyproject.toml")]
    options += ["-k", those] if those else []
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "--rootdir", str(tmp_path), "test_page.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-10_000:] + done.stderr
    assert "not checked: minutes have to pass" not in done.stdout


def test_a_missing_directory_is_a_store_that_is_not_there(module: Any, tmp_path: Path) -> None:
    """Nothing was executed."""
    channel = module.DirectoryChannel("notes", tmp_path / "missing")
    with pytest.raises(ChannelUnavailableError, match="is not there"):
        channel.set("key", 1)


def test_what_the_file_system_refuses_changes_nothing(module: Any, tmp_path: Path) -> None:
    """A new file can't be written; the old one stays."""
    channel = module.DirectoryChannel("notes", tmp_path)
    channel.set("key", 1)
    obstacle = channel.backend.file.with_suffix(".new")
    obstacle.mkdir()
    with pytest.raises(ChannelServerError, match="Is a directory"):
        channel.set("key", 2)
    obstacle.rmdir()
    assert channel.get("key") == 1


def test_a_damaged_file_is_reported(module: Any, tmp_path: Path) -> None:
    """It does not become an empty channel."""
    channel = module.DirectoryChannel("notes", tmp_path)
    channel.set("key", 1)
    channel.backend.file.write_text("{'key': ")
    with pytest.raises(ChannelDataError, match="is damaged"):
        channel.get("key")
