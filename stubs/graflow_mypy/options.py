"""The section `[graflow_mypy]` of mypy's configuration file."""

from __future__ import annotations

import configparser
import re
import sys
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from mypy.errors import CompileError
from mypy.options import Options

from graflow_mypy.messages import CODES, OFF_BY_DEFAULT, UNJUDGED

__all__ = ["EVERYTHING", "PluginOptions", "is_whole_file_system", "read_options"]

EVERYTHING = "."
"""The path that is scanned where none is named: the current folder."""

SECTION = "graflow_mypy"
_LISTS = ("paths", "exclude", "external_keys")


@dataclass(frozen=True)
class PluginOptions:
    """The settings in the section.

    Attributes:
        paths: Files and folders to scan.
        exclude: Regular expressions; a file whose path matches one is left out.
        external_keys: Keys that other programs write; `*` stands for anything.
        off: Codes that are not reported.
        notes: Codes that are reported as notes, with which mypy's exit status is 0.
    """

    paths: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    external_keys: tuple[str, ...] = ()
    off: frozenset[str] = OFF_BY_DEFAULT
    notes: frozenset[str] = frozenset({UNJUDGED})


def read_options(options: Options) -> PluginOptions:
    """Return the settings in mypy's configuration file.

    Raises:
        CompileError: A setting is unknown, or its value isn't allowed.
    """
    path = options.config_file
    section = _section(Path(path)) if path else {}
    lists = {name: _items(name, section.get(name), path) for name in _LISTS}
    levels = {**dict.fromkeys(OFF_BY_DEFAULT, "off"), UNJUDGED: "note"}
    levels |= {name: _level(name, section[name], path) for name in CODES if name in section}
    for name in section:
        if name not in CODES and name not in _LISTS:
            close = get_close_matches(name, [*_LISTS, *CODES], n=1)
            _refuse(
                path,
                f'unknown option "{name}"' + (f'; did you mean "{close[0]}"?' if close else ""),
            )
    for expression in lists["exclude"]:
        try:
            re.compile(expression)
        except re.error as error:
            _refuse(path, f'exclude: "{expression}" is not a regular expression: {error}')
    paths = lists["paths"] or _files(options.files or (), path) or _here(path)
    for each in lists["paths"]:
        if not Path(each).exists():
            _refuse(path, f'paths: there is no "{each}"')
    off = frozenset(name for name, level in levels.items() if level == "off")
    notes = frozenset(name for name, level in levels.items() if level == "note")
    return PluginOptions(paths, lists["exclude"], lists["external_keys"], off, notes)


def _level(name: str, value: object, path: str | None) -> str:
    """Return how a code is reported: `error`, `off`, or `note` where that is its default."""
    if isinstance(value, bool):
        return "error" if value else "off"
    allowed = ["error", "off", *(["note"] if name == UNJUDGED else [])]
    if value not in allowed:
        choice = " or ".join(f'"{each}"' for each in allowed)
        _refuse(path, f'{name} must be {choice}, not "{value}"')
    return str(value)


def is_whole_file_system(path: str) -> bool:
    """Tell whether a path is the root of the file system, which is no program."""
    whole = Path(path).resolve()
    return whole == whole.parent


def _files(files: Iterable[str], config: str | None) -> tuple[str, ...]:
    """Return those of mypy's `files` that exist, and name the others: mypy may run elsewhere."""
    for each in files:
        if not Path(each).exists():
            _say(config, f'files: there is no "{each}" in "{Path.cwd()}"')
    return tuple(each for each in files if Path(each).exists())


def _here(config: str | None) -> tuple[str, ...]:
    """Return the current folder; what mypy was asked to check, where that is the file system."""
    if not is_whole_file_system("."):
        return (EVERYTHING,)
    is_mypy = Path(sys.argv[0]).stem in {"__main__", "mypy"}
    asked = [each for each in sys.argv[1:] if is_mypy and Path(each).exists()]
    if not asked:
        _say(config, 'this folder is the whole file system: set "paths" to those of your program')
    return tuple(asked) or (EVERYTHING,)


def _say(config: str | None, message: str) -> None:
    """Print a note beside what mypy says: it is no mistake of the program."""
    sys.stderr.write(f"{config or 'mypy'}: note: [{SECTION}] {message}\n")


def _section(path: Path) -> Mapping[str, Any]:
    if not path.is_file():
        return {}  # a pipe, which mypy has read to its end
    try:
        if path.suffix == ".toml":
            tool = tomllib.loads(path.read_text("utf-8")).get("tool", {})
            found: Mapping[str, Any] = tool.get(SECTION, {})
            return found
        parser = configparser.RawConfigParser()
        parser.read(path, encoding="utf-8")
        return dict(parser[SECTION]) if parser.has_section(SECTION) else {}
    except (OSError, ValueError, configparser.Error):
        return {}  # mypy has read the file, or said what is wrong with it


def _items(name: str, value: object, path: str | None) -> tuple[str, ...]:
    if value is None:
        return ()
    if isinstance(value, str):
        return tuple(item for each in re.split(r"[,\n]", value) if (item := each.strip()))
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    _refuse(path, f"{name} must be a list of strings, not {value!r}")
    return ()


def _refuse(path: str | None, message: str) -> None:
    raise CompileError([f"{path}: error: [{SECTION}] {message}"], use_stdout=True)
