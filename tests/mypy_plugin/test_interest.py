"""The quick look at files and functions, which decides what is scanned, passes over nothing."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from mypy.options import Options

from graflow_mypy.index.index import Index
from graflow_mypy.options import PluginOptions
from graflow_mypy.source.files.interest import Interest
from tests.mypy_plugin.cases_format import CASES, write_case
from tests.paths import ROOT


def facts(*paths: str) -> dict[str, Any]:
    """Return what the plugin finds in the files below some paths."""
    options = Options()
    options.cache_dir = os.devnull
    return Index(options, PluginOptions(paths), "").raw


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The modules of all cases, each case in a folder of its own."""
    folder = tmp_path_factory.mktemp("cases")
    for case in CASES:
        write_case(case.read_text("utf-8"), folder / case.stem)
    return folder


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_a_case_is_seen_in_full(case: Path, program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Scanning every file and function of a case finds nothing else."""
    monkeypatch.chdir(program / case.stem)
    found = facts("app")
    _look_at_everything(monkeypatch)
    assert facts("app") == found


@pytest.mark.thorough
def test_this_project_is_seen_in_full(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scanning every file and function of the library and its tests finds nothing else."""
    monkeypatch.chdir(ROOT)
    found = facts("graflow", "tests", "examples")
    assert found
    _look_at_everything(monkeypatch)
    assert facts("graflow", "tests", "examples") == found


def _look_at_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Interest, "is_quiet", lambda self, source: False)
    monkeypatch.setattr(Interest, "is_dull", lambda self, source: False)
