"""The public names: all there, all documented, and nothing else."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import get_args, get_origin

import pytest

import graflow
from graflow import exceptions
from tests.commands import run

PACKAGE = Path(graflow.__file__).parent
MODULES = sorted(found.name for found in pkgutil.walk_packages([str(PACKAGE)], "graflow."))


def public_members(module: ModuleType) -> Iterator[tuple[str, object]]:
    """Yield what `module` publishes, and the public attributes of the classes among it."""
    for name in module.__all__:
        value = getattr(module, name)
        yield name, value
        if inspect.isclass(value):
            for attribute in vars(value):
                if not attribute.startswith("_"):
                    yield f"{name}.{attribute}", getattr(value, attribute)


def test_all_is_exact_and_sorted() -> None:
    """`graflow.__all__` has each name that the package offers, once, and no other."""
    offered = {
        name
        for name, value in vars(graflow).items()
        if not name.startswith("_") and not inspect.ismodule(value) and name != "annotations"
    } | set(graflow._LATER)  # imported when it is asked for
    assert list(graflow.__all__) == sorted(offered)


def test_dir_lists_what_is_not_imported_yet() -> None:
    """A prompt completes `RedisChannel` too, and redis-py is imported when it is used."""
    code = """
import sys, graflow
assert set(graflow.__all__) <= set(dir(graflow)), sorted(set(graflow.__all__) - set(dir(graflow)))
assert dir(graflow) == sorted(set(dir(graflow))) and "__version__" in dir(graflow)
assert "redis" not in sys.modules
graflow.RedisChannel
assert "redis" in sys.modules and dir(graflow).count("RedisChannel") == 1
"""
    run(sys.executable, "-c", code, cwd=PACKAGE.parent)


def test_every_error_is_public() -> None:
    """What a user may want to catch can be imported from the top."""
    assert set(exceptions.__all__) <= set(graflow.__all__)


def test_public_things_say_where_they_are_imported_from() -> None:
    """A public name stands for a thing of graflow, not for one of another library."""
    for name in graflow.__all__:
        thing = getattr(graflow, name)
        for each in get_args(thing) or (thing,):  # a union is what it is made of
            module = getattr(each, "__module__", "graflow")
            assert module.startswith("graflow"), name


@pytest.mark.parametrize("name", ["graflow", *MODULES])
def test_a_module_publishes_what_it_says(name: str) -> None:
    """Its `__all__` has only names that it has, none of them private."""
    module = importlib.import_module(name)
    for public in getattr(module, "__all__", ()):
        assert hasattr(module, public)
        assert not public.startswith("_")


@pytest.mark.parametrize("name", ["graflow", *MODULES])
def test_whatever_is_public_is_documented(name: str) -> None:
    """Modules, classes, functions, methods and properties have a docstring."""
    module = importlib.import_module(name)
    assert module.__doc__, name
    for path, value in public_members(module) if hasattr(module, "__all__") else ():
        if (callable(value) and get_origin(value) is None) or isinstance(value, property):
            assert inspect.getdoc(value), f"{name}.{path}"
