"""Published parts of the suite: the class for pytest, and the command."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import redis

from graflow.testing import ChannelConformance
from graflow.testing.checks import CHECKS
from tests.paths import ROOT
from tests.servers import Server

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
    for line in (
        "capability                 | held | broken | declared unsupported | not checked",
        "ttl                        | 32   |        |                      |",
        "ttl                        | 30   | 2      |                      |",
        "pickle: declared unsupported: no pickle: nobody needs it",
        "broken: ttl: set without a ttl makes a key last",
        "broken: ttl: set replaces a list and its TTL",
    ):
        assert line in text
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


def test_the_command_tries_a_factory() -> None:
    """It says what is broken and exits with 1; what it can't try with 2."""
    ran = command(
        "graflow.testing", "tests.testing.targets:broken", "--seed", "1", "--examples", "9"
    )
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert f"{len(CHECKS)} checks, with --seed 1" in ran.stdout
    assert "a.set('key', 2)" in ran.stdout
    assert "broken: ttl: set without a ttl makes a key last" in ran.stdout
    for target, reason in (
        ("tests.testing.targets:no_harness", "gives a int, not a Harness"),
        ("tests.testing.targets:nothing", "tests.testing.targets:nothing can't be imported"),
        ("tests.testing.targets:failing", "tests.testing.targets:failing raised OSError: no disk"),
        ("redis://127.0.0.1:1/0", "can't be reached"),
        ("redis://127.0.0.1:port/0", "host or port can't be read"),
        ("nonsense", "is neither the URL of a server"),
    ):
        ran = command("graflow.testing", target)
        assert ran.returncode == 2, ran.stdout + ran.stderr
        assert reason in ran.stdout


@pytest.mark.parametrize("library", ["hypothesis", "rich", "typer"])
def test_the_command_says_what_is_missing(library: str) -> None:
    """One sentence with the way to get it, and the status that says that nothing was tried."""
    ran = without(library, "import runpy; runpy.run_module('graflow.testing', run_name='__main__')")
    assert ran.returncode == 2, ran.stderr
    advice = f"which is not installed: pip install {library}"
    assert ran.stderr.startswith(f"python -m graflow.testing needs {library}, {advice}, or ")
    assert ran.stderr.count("\n") == 1
    assert ran.stdout == ""


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


def test_the_command_tries_a_server(
    servers: object, redis_client: redis.Redis, server: Server
) -> None:
    """In keys of its own, which it removes; beside keys of graflow only when told to."""
    if server.kind != "valkey-9":
        redis_client.set("graflow:{mine}:k:a", "1")
        ran = command("graflow.testing", server.url)
        assert ran.returncode == 2, ran.stdout + ran.stderr
        assert "already contains keys of graflow" in ran.stdout
        redis_client.config_set("maxmemory-policy", "allkeys-lru")
        redis_client.config_set("maxmemory", "100mb")
        try:
            ran = command("graflow.testing", server.url)
        finally:
            redis_client.config_set("maxmemory", 0)
            redis_client.config_set("maxmemory-policy", "noeviction")
        assert ran.returncode == 2, ran.stdout + ran.stderr
        assert "deletes keys on its own" in ran.stdout
        return
    redis_client.set("graflow:{mine}:k:a", "1")
    for url in (server.url, f"unix://{server.socket}"):
        ran = command("graflow.testing", url, "--beside-others", "--examples", "1")
        assert ran.returncode == 0, ran.stdout + ran.stderr
        assert "It has maxmemory-policy noeviction, maxmemory 0." in ran.stdout
        assert "keys that begin with graflow:{conformance-" in ran.stdout
        assert "it removes them at the end" in ran.stdout
        assert "lost replies               | 1    |" in ran.stdout
    assert redis_client.keys("*") == [b"graflow:{mine}:k:a"]
