"""The command `doctor`: what is installed here."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from graflow.command.arguments import AsJson
from graflow.command.examined.diagnosis import Diagnosis
from graflow.command.failures import answering
from graflow.command.output.records import show_records
from graflow.system.without_threads import has_threads

__all__ = ["doctor"]

_LIBRARIES: Final = ("graflow", "pydantic", "pydantic-core", "redis", "hiredis", "mypy")
_EXTRA: Final = re.compile(r"""^([\w.-]+)(?:\[[^]]*\])?.*extra == ["']([\w-]+)["']""")
_CONFIGS: Final = ("mypy.ini", ".mypy.ini", "pyproject.toml", "setup.cfg")  # as mypy looks
_PLUGIN: Final = "graflow_mypy"


@answering
def doctor(as_json: AsJson = False) -> None:
    """Show what is installed here that matters to graflow.

    Example: graflow doctor
    """
    found = [*_of_python(), *_of_libraries(), *_of_extras(), _plugin(Path.cwd())]
    show_records(Diagnosis._fields, (each._asdict() for each in found), as_json=as_json)


def _of_python() -> Iterator[Diagnosis]:
    import platform  # noqa: PLC0415 - no other command needs it

    name = platform.python_implementation()
    yield Diagnosis("Python", f"{name} {platform.python_version()} at {sys.executable}", "ok")
    yield Diagnosis("platform", platform.platform(), "ok")
    threads = has_threads()
    says = "yes" if threads else "no: tasks run in turn, and locks are not renewed"
    yield Diagnosis("threads", says, "ok" if threads else "")


def _of_libraries() -> Iterator[Diagnosis]:
    for name in _LIBRARIES:
        found = _version(name)
        missing = Diagnosis(name, "not installed", "" if name == "mypy" else "bad")
        yield Diagnosis(name, found, "ok") if found else missing
    import sqlite3  # noqa: PLC0415 - not in every Python

    yield Diagnosis("SQLite", sqlite3.sqlite_version, "ok")


def _of_extras() -> Iterator[Diagnosis]:
    """Yield the extras of graflow, and which of their libraries are installed."""
    extras: dict[str, list[str]] = {}
    for requirement in _requirements():
        if found := _EXTRA.match(requirement):
            extras.setdefault(found[2], []).append(found[1])
    for extra, libraries in sorted(extras.items()):
        there = {each: _version(each) for each in libraries if each != "graflow"}
        lacks = [each for each, found in there.items() if not found]
        has = ", ".join(f"{each} {found}" for each, found in there.items() if found)
        says = "; ".join(filter(None, (has, f"missing: {', '.join(lacks)}" if lacks else "")))
        yield Diagnosis(f"extra {extra}", says, "" if lacks else "ok")


def _requirements() -> list[str]:
    from importlib.metadata import PackageNotFoundError, requires  # noqa: PLC0415

    try:
        return requires("graflow") or []
    except PackageNotFoundError:  # used from where it lies
        return []


def _version(name: str) -> str:
    """Return the version of a library that is installed, else nothing."""
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415

    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _plugin(folder: Path) -> Diagnosis:
    """Return whether mypy would find its plugin named in its configuration."""
    for name in _CONFIGS:
        file = folder / name
        settings = _settings(file) if file.is_file() else None
        if settings is not None:
            plugins = re.findall(r"[\w.]+", str(settings.get("plugins", "")))
            if _PLUGIN in plugins:
                return Diagnosis("mypy plugin", f"named in {name}", "ok")
            return Diagnosis("mypy plugin", f"not named in {name}: plugins = {_PLUGIN}")
    return Diagnosis("mypy plugin", "there is no configuration of mypy in this directory")


def _settings(file: Path) -> Any:
    """Return the settings of mypy in a file; `None` if it has none."""
    import configparser  # noqa: PLC0415
    import tomllib  # noqa: PLC0415

    try:
        text = file.read_text(encoding="utf-8")
        if file.suffix == ".toml":
            return tomllib.loads(text).get("tool", {}).get("mypy")
        parser = configparser.RawConfigParser(strict=False)
        parser.read_string(text)
        return dict(parser["mypy"]) if parser.has_section("mypy") else None
    except (OSError, ValueError, configparser.Error):
        return None
