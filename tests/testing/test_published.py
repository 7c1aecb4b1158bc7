"""Published parts of the suite: the class for pytest, and the names to import."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from graflow.testing import Capability, ChannelConformance
from graflow.testing.checks import CHECKS
from tests.paths import ROOT

SAMPLE = """
import pytest
from graflow.testing import Capabilities, ChannelConformance
from tests.testing.targets import correct, set_keeps_ttl

class TestRight(ChannelConformance):
    capabilities = Capabilities(unsupported={"pickle": "nobody needs it"})
    examples = 2

    @pytest.fixture(scope="class")
    @classmethod
    def harness(cls):
        return correct()

class TestWrong(ChannelConformance):
    capabilities = Capabilities()
    examples = 2
    xfail = {"ttl: set replaces a list and its TTL": "to be mended"}

    @pytest.fixture(scope="class")
    @classmethod
    def harness(cls):
        return set_keeps_ttl()
"""


def command(*args: str | Path, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run Python and return what it printed."""
    return subprocess.run(
        [sys.executable, "-m", *map(str, args)],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )


def without(library: str, code: str) -> subprocess.CompletedProcess[str]:
    """Run code where a library can't be imported, and return what it printed."""
    program = f"import sys; sys.modules[{library!r}] = None; {code}"
    return subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("workers", ["0", "2"])
def test_the_report_shows_at_the_end_of_a_run(tmp_path: Path, workers: str) -> None:
    """For each class what held, what is broken and what was declared, however many processes."""
    module = tmp_path / "test_sample.py"
    module.write_text(SAMPLE)
    ran = command(
        *(
            "pytest",
            "-q",
            "-n",
            workers,
            "-p",
            "no:cacheprovider",
            "-k",
            "ttl or pickle or promises",
        ),
        *("--rootdir", ROOT, "-c", ROOT / "pyproject.toml", module),
    )
    assert ran.returncode == 1, ran.stdout + ran.stderr
    text = ran.stdout
    ttls = sum(check.capability is Capability.TTL for check in CHECKS)
    for line in (
        "capability                 | held | broken | declared unsupported | not checked",
        f"ttl                        | {ttls}   |        |                      |",
        f"ttl                        | {ttls - 2}   | 2      |                      |",
        "broken: 2 checks with one outcome: it returned 50.0; the contract: it returns None",
        "    ttl: set without a ttl makes a key last",
        "broken: ttl: set replaces a list and its TTL",
        "# the contract: it returns None",
        " operations, 0 interleavings of threads and processes, 0 faults injected, 0 seen",
    ):
        assert line in text
    (line,) = [each for each in text.splitlines() if each.endswith("no pickle: nobody needs it")]
    assert line == "pickle, processes: declared unsupported: no pickle: nobody needs it"
    assert "trial.py" not in text
    assert "checks did not run" in text
    assert "1 xfailed" in text


def test_a_check_can_not_be_overridden_without_a_reason() -> None:
    """Not by a method, not by an attribute, not by a mixin, and not for no reason."""
    with pytest.raises(TypeError, match="xfail"):

        class Overrides(ChannelConformance):
            def test_conformance(self) -> None:  # type: ignore[override]
                """Test nothing."""

    with pytest.raises(TypeError, match="xfail"):

        class Removes(ChannelConformance):
            test_conformance = None  # type: ignore[assignment]

    class Mixin:
        @pytest.mark.skip(reason="too hard")
        def test_conformance(self) -> None:
            """Test nothing."""

    with pytest.raises(TypeError, match="xfail"):

        class Mixed(Mixin, ChannelConformance):  # type: ignore[misc]
            pass

    with pytest.raises(TypeError, match="names no check"):

        class Misspelt(ChannelConformance):
            xfail = {"ttl: no such thing": "reason"}  # noqa: RUF012

    with pytest.raises(TypeError, match="no reason"):

        class Unreasoned(ChannelConformance):
            xfail = {"ttl: set replaces a list and its TTL": " "}  # noqa: RUF012

    class Reasoned(ChannelConformance):
        @pytest.mark.xfail(reason="the server is broken")
        def test_conformance(self) -> None:  # type: ignore[override]
            """Test nothing."""


@pytest.mark.parametrize(
    ("library", "name"),
    [("hypothesis", "run"), ("hypothesis", "Budget"), ("pytest", "ChannelConformance")],
)
def test_a_library_of_the_extra_that_is_missing_is_named(library: str, name: str) -> None:
    """Where a name is imported that needs it; the rest of the package does without."""
    ran = without(
        library, f"from graflow.testing import Harness; from graflow.testing import {name}"
    )
    last = ran.stderr.splitlines()[-1]
    assert last.startswith("graflow.exceptions.ExtraMissingError: ")
    assert f"graflow.testing.{name} needs {library}" in last
    assert f"pip install {library}" in last
