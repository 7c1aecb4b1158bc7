"""The reference: every public name is on a page, with all that there is to say of it."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import re
from collections import Counter
from functools import cache

import pytest

from tests.paths import ROOT

PAGES = ROOT / "docs/reference"
MODULES = ["graflow", "graflow.channels.backend", "graflow.testing", "graflow.ui"]
"""What users import from; a name that is in two of them has a section for each."""

DIRECTIVE = re.compile(r"^::: (\S+)$", re.MULTILINE)
SHOWN = Counter(name for page in PAGES.glob("*.md") for name in DIRECTIVE.findall(page.read_text()))


@pytest.mark.parametrize("name", MODULES)
def test_every_public_name_has_one_section(name: str) -> None:
    """Of the names that a module publishes none is missing, and none is there twice."""
    published = {f"{name}.{each}": 1 for each in importlib.import_module(name).__all__}
    shown = {each: times for each, times in SHOWN.items() if each.rpartition(".")[0] == name}
    assert shown == published


def test_no_section_is_about_anything_else() -> None:
    """What is not public has no section."""
    assert {name.rpartition(".")[0] for name in SHOWN} == set(MODULES)


@pytest.mark.parametrize("name", sorted(SHOWN))
def test_fields_are_explained(name: str) -> None:
    """A field without a word on it would be left out: each has its line in the docstring.

    The docstring may be that of a base, if it has a section as well.
    """
    module, _, attribute = name.rpartition(".")
    thing = getattr(importlib.import_module(module), attribute)
    if dataclasses.is_dataclass(thing):
        fields = [field.name for field in dataclasses.fields(thing)]
    else:
        fields = list(getattr(thing, "_fields", ()))
    bases = [base for base in getattr(thing, "__mro__", ()) if base in _things()]
    said = "\n".join(inspect.getdoc(base) or "" for base in bases)
    for field in fields:
        if not field.startswith("_"):
            assert re.search(rf"^    {field}: ", said, re.MULTILINE), field


@cache
def _things() -> list[object]:
    names = [name.rpartition(".") for name in SHOWN]
    return [getattr(importlib.import_module(module), name) for module, _, name in names]
