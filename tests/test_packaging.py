"""Packages: their files, and what a checker and Python make of them where they are installed."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import venv
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.commands import run
from tests.made_once import MadeOnce
from tests.paths import ROOT

# Right, but for the lines that say so: an ignore that is not needed is an error as well.
CONSUMER = """
# pyright: strict, reportUnnecessaryTypeIgnoreComment=true
from typing import TypedDict, assert_type

from graflow.channels.memory_channel import MemoryChannel
from graflow.channels.typed import TypedChannel
from graflow.core.context import TaskExecutionContext
from graflow import task, workflow


class User(TypedDict):
    name: str
    age: int


@task(inject_context=True)
def store(ctx: TaskExecutionContext) -> int:
    users = ctx.get_typed_channel(User)
    assert_type(users, TypedChannel[User])
    users.set("ada", {"name": "Ada", "age": 36})
    assert_type(users.get("ada"), User)
    assert_type(users.get("bob", None), User | None)
    return users.get("ada")["age"]


def refuse(users: TypedChannel[User]) -> None:
    users.set("ada", {"name": "Ada", "age": "36"})  # type: ignore[typeddict-item]
    users.set("ada", {"name": "Ada"})  # type: ignore[typeddict-item]


with workflow("consumer", channel=MemoryChannel("consumer")) as wf:
    store()
    print(wf.execute())
"""


# What pytest loads for every test wherever graflow is installed, and what that imports of it.
LOADED = """
import sys
from importlib.metadata import entry_points

(plugin,) = entry_points(group="pytest11", name="graflow")
name = plugin.load().__name__
print(name, [each for each in ("graflow", "pydantic", "redis") if each in sys.modules])
"""


@dataclass(frozen=True)
class Distributions:
    """The files that a release uploads."""

    sdist: Path
    wheel: Path


@pytest.fixture(scope="module")
def distributions(made_once: MadeOnce) -> Distributions:
    """Both of them built, the wheel from the sdist."""

    def build(target: Path) -> None:
        run(sys.executable, "-m", "build", "--no-isolation", "--outdir", target, cwd=ROOT)

    target = made_once("dist", build)
    return Distributions(next(target.glob("*.tar.gz")), next(target.glob("*.whl")))


@pytest.fixture
def install(tmp_path: Path) -> Callable[..., Path]:
    """A function that runs `pip install` in a new environment, and returns its Python."""

    def install(*what: str | Path) -> Path:
        venv.create(tmp_path / "env", symlinks=True)
        python = tmp_path / "env/bin/python"
        run(
            sys.executable,
            "-m",
            "pip",
            "--python",
            python,
            "install",
            "--quiet",
            *what,
            cwd=tmp_path,
        )
        return python

    return install


@pytest.fixture
def consumer(tmp_path: Path) -> Path:
    """A program that uses graflow, away from the source."""
    path = tmp_path / "consumer.py"
    path.write_text(CONSUMER)
    return path


def source_files() -> set[str]:
    """Return the files of the package as they are in the repository."""
    tracked = run("git", "ls-files", "--cached", "--others", "--exclude-standard", cwd=ROOT)
    shipped = ("graflow/", "stubs/graflow_mypy/", "stubs/graflow_pytest.py")
    return {path for path in tracked.splitlines() if path.startswith(shipped)}


def test_the_wheel_holds_the_package_and_nothing_else(distributions: Distributions) -> None:
    """Every file of the package is in it, the type marker too; tests and the like are not."""
    with zipfile.ZipFile(distributions.wheel) as wheel:
        shipped = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert shipped == {path.removeprefix("stubs/") for path in source_files()}
    assert {"graflow/py.typed", "graflow_mypy/__init__.py", "graflow_pytest.py"} <= shipped
    assert {
        f"graflow/ui/static/{name}" for name in ("index.html", "main.js", "style.css")
    } <= shipped


def test_the_sdist_holds_what_building_and_reading_need(distributions: Distributions) -> None:
    """The package with its marker, the project's own pages, and no tests."""
    with tarfile.open(distributions.sdist) as sdist:
        shipped = {name.partition("/")[2] for name in sdist.getnames()}
    pages = {"CHANGELOG.md", "LICENSE", "PKG-INFO", "README.md", "py.typed", "pyproject.toml"}
    assert shipped - {".gitignore"} == source_files() | pages


@pytest.mark.parametrize(
    "kind",
    ["wheel", *(pytest.param(each, marks=pytest.mark.thorough) for each in ("sdist", "editable"))],
)
def test_an_installed_graflow_runs_and_type_checks(
    kind: str, distributions: Distributions, install: Callable[..., Path], consumer: Path
) -> None:
    """With what it depends on and nothing else, it works; both checkers see its types."""
    if kind == "editable":
        python = install("--editable", ROOT)
    else:
        python = install(getattr(distributions, kind))
    assert run(python, "-W", "error", consumer, cwd=consumer.parent) == "36\n"
    for plugin in ("graflow_mypy", "graflow_pytest"):
        found = f"import importlib.util; print(importlib.util.find_spec({plugin!r}) is not None)"
        assert run(python, "-c", found, cwd=consumer.parent) == "True\n"
    run(
        *(sys.executable, "-m", "mypy", "--strict", "--python-executable", python),
        *("--config-file", "", "--cache-dir", consumer.parent / "cache", consumer),
        cwd=consumer.parent,
    )
    run(sys.executable, "-m", "pyright", "--pythonpath", python, consumer, cwd=consumer.parent)
    script = python.with_name("graflow")
    said = subprocess.run([script, "--version"], capture_output=True, text=True, check=False)
    assert (said.returncode, said.stdout) == (2, "")
    assert "install graflow with its extra 'cli'" in said.stderr
    install("typer", "rich")
    assert run(script, "--version", cwd=consumer.parent).startswith("graflow ")
    assert "keys" in run(script, "--help", cwd=consumer.parent)
    install("pytest")  # which alone loads the plugin
    assert run(python, "-c", LOADED, cwd=consumer.parent) == "graflow_pytest []\n"


def test_the_metadata_says_what_the_package_needs(distributions: Distributions) -> None:
    """The Python version and the extras are what the README promises."""
    with zipfile.ZipFile(distributions.wheel) as wheel:
        name = next(name for name in wheel.namelist() if name.endswith("/METADATA"))
        lines = wheel.read(name).decode().splitlines()
    assert "Requires-Python: >=3.11" in lines
    with zipfile.ZipFile(distributions.wheel) as wheel:
        name = next(name for name in wheel.namelist() if name.endswith("/entry_points.txt"))
        assert "graflow = graflow.__main__:main" in wheel.read(name).decode()
    extras = {line.split()[1] for line in lines if line.startswith("Provides-Extra: ")}
    assert extras >= {
        "cli",
        "distributed",
        "embedded",
        "mypy",
        "processes",
        "progress",
        "retries",
        "testing",
    }
    needed = {line for line in lines if line.startswith("Requires-Dist") and "extra" not in line}
    assert {line.split()[1].split(">")[0] for line in needed} == {
        "pydantic",
        "redis",  # where hiredis can't be had
        "redis[hiredis]",
        "typing-extensions",
    }
