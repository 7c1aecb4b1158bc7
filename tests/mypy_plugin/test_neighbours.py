"""Packages that a program imports: a cached run sees what became of them since the last one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from mypy.options import Options

from graflow_mypy.index.index import Index
from graflow_mypy.options import PluginOptions
from graflow_mypy.source.files import neighbours
from graflow_mypy.source.files.neighbours import find_neighbours, imported_tops

LONG_AGO = 1_000_000_000  # seconds; what changed just now is not kept

MAIN = """
import kit
from graflow import TaskExecutionContext

def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().get("made")
"""

NEAR = """
from graflow import TaskExecutionContext

def make(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().set("made", 1)
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a program that imports `kit`, in which the plugin runs."""
    monkeypatch.chdir(tmp_path)
    write("app.py", MAIN)
    return tmp_path


def write(path: str, text: str) -> None:
    """Write a file, each time as of another time."""
    file = Path(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    before = file.stat().st_mtime if file.exists() else LONG_AGO
    file.write_text(text)
    for each in (file, file.parent):
        os.utime(each, (before + 1, before + 1))


def options(mypy_path: str = "site-packages") -> Options:
    """Return options of mypy, with a cache."""
    found = Options()
    found.cache_dir, found.mypy_path = "cache", [mypy_path]
    return found


def said(mypy_path: str = "site-packages") -> list[str]:
    """Return what the plugin says of the program, with the cache of the last time."""
    index = Index(options(mypy_path), PluginOptions((".",), (r"^\.\./lib/left_out",)), "1")
    return [each.text for about in index.raw.values() for each in about.messages]


UNKNOWN = ['Channel key "made" is read but never written']


def test_a_package_that_is_installed_later_counts(folder: Path) -> None:
    """So does one that changes, or that is gone again."""
    assert said() == said() == UNKNOWN
    write("site-packages/kit/__init__.py", NEAR)
    assert said() == said() == []
    write("site-packages/kit/__init__.py", "made = 1")
    assert said() == said() == UNKNOWN
    write("site-packages/kit/more.py", NEAR)
    assert said() == said() == []
    Path("site-packages/kit").rename("site-packages/kat")
    assert said() == said() == UNKNOWN


def test_a_package_is_of_no_concern_once_nobody_imports_it(folder: Path) -> None:
    """What is installed alone says nothing about the program."""
    write("site-packages/kit/__init__.py", NEAR)
    assert said() == []
    write("app.py", MAIN.replace("import kit", ""))
    assert said() == UNKNOWN


def test_modules_of_ones_own_elsewhere_count(folder: Path) -> None:
    """Those below `mypy_path` are read whether they mention the library or not."""
    write("../lib/kit.py", "import deeper")
    write("../lib/deeper.py", NEAR)
    assert said("../lib") == said("../lib") == []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MYPYPATH", "../lib")
        assert said("nowhere") == []
    write("../lib/kit.py", "import left_out")
    write("../lib/left_out.py", NEAR)
    assert said("../lib") == UNKNOWN


def test_what_mypy_leaves_out_is_left_out(folder: Path) -> None:
    """But for what is installed: the folder that it is in may be left out as a whole."""
    write("kit.py", NEAR)
    write("venv/site-packages/near.py", NEAR)
    given = options("venv/site-packages")
    given.exclude = ["^kit", "^venv/"]
    found = find_neighbours(["kit", "near"], [], given, PluginOptions(), {})
    assert [each.module for each in found.sources] == ["near"]


def test_a_package_that_is_far_is_not_read_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until it changes: some packages have thousands of files."""
    write("site-packages/kit/__init__.py", "made = 1")
    found = find_neighbours(["kit"], [], options(), PluginOptions(), {})
    assert not found.sources
    assert found.far
    monkeypatch.setattr(neighbours, "read_source", pytest.fail)
    assert find_neighbours(["kit"], [], options(), PluginOptions(), found.far) == found


@pytest.mark.parametrize(
    ("source", "tops"),
    [
        (b"import kit", ["kit"]),
        (b"import kit.deep as k, other  # , none", ["kit", "other"]),
        (b"try:\n    from kit.deep import (\n        a)\nexcept ImportError: pass", ["kit"]),
        (
            b"from . import a\nfrom .kit import b\nimport os.path, graflow\nfrom graflow import c",
            [],
        ),
        (b'text = "import"\nimportant = kit', []),
    ],
)
def test_imports_are_seen_without_parsing(source: bytes, tops: list[str]) -> None:
    """Only the first part of a name matters, and not what comes with Python or is graflow."""
    assert imported_tops(source) == tops
