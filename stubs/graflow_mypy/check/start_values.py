"""Start values: what runs start with, where only parameters and schemas of keys say its type."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from graflow_mypy.check.diagnostics import Diagnostic
from graflow_mypy.check.fitting import Fitting
from graflow_mypy.messages import KEY_TYPE
from graflow_mypy.program.parameters import parameters_of
from graflow_mypy.program.patterns import ANYTHING, Pattern, text_of
from graflow_mypy.program.program import Program
from graflow_mypy.program.resolved import ProgramClass
from graflow_mypy.program.types.forms import Form, show
from graflow_mypy.program.uses import Use
from graflow_mypy.source.terms import Name

__all__ = ["wrong_starts"]


class _Wanted(NamedTuple):
    """What a key has to hold, as messages call it, and who says so."""

    form: Form
    text: str
    where: str


def wrong_starts(
    uses: Sequence[Use], schemas: Iterable[ProgramClass], program: Program, fitting: Fitting
) -> Iterator[Diagnostic]:
    """Yield what is wrong with the values that runs start with.

    Keys that are used besides are judged with all their uses. The value of another one is wrong if
    it fits none of the parameters of that name where the module of the workflow puts tasks into
    workflows, and no schema of keys.

    Args:
        uses: The uses of one service.
        schemas: The schemas of keys of its runs.
        program: The program.
        fitting: Answers about types.
    """
    started = [use for use in uses if use.started is not None and use.site is not None]
    others = [use for use in uses if use.started is None]
    if not started or any(ANYTHING in use.keys for use in others if use.claim.reads):
        return
    used = _by_key(others).keys()
    by_schema = _by_schema(schemas, fitting)
    by_module: dict[str, Mapping[Pattern, list[Use]]] = {}
    for use in started:
        home = _home(use, program)
        if home not in by_module:
            by_module[home] = _by_key(parameters_of(home, program))
        for key in use.keys:
            wanted = [*map(_by_parameter, by_module[home].get(key, ())), *by_schema.get(key, ())]
            fits = any(fitting.fits(use.claim.form, each.form) for each in wanted)
            if wanted and not fits and key not in used:
                yield _told(use, key, wanted[0])


def _by_key(uses: Iterable[Use]) -> dict[Pattern, list[Use]]:
    found: dict[Pattern, list[Use]] = {}
    for use in uses:
        for key in use.keys:
            found.setdefault(key, []).append(use)
    return found


def _by_schema(schemas: Iterable[ProgramClass], fitting: Fitting) -> dict[Pattern, list[_Wanted]]:
    found: dict[Pattern, list[_Wanted]] = {}
    for schema in sorted(schemas):
        for name, field in fitting.fields(schema).items():
            wanted = _Wanted(field.form, field.text or show(field.form), f'schema "{schema.name}"')
            found.setdefault((name,), []).append(wanted)
    return found


def _home(use: Use, program: Program) -> str:
    """Return the module that a workflow is made in, as far as its name says so."""
    workflow = use.started
    dotted = program.home(workflow.dotted) if isinstance(workflow, Name) else ""
    module = dotted.rpartition(".")[0]
    return module if module in program.files else use.module


def _by_parameter(use: Use) -> _Wanted:
    module, function = use.location
    where = f"{module.partition('#')[0]}.{function} by a parameter that is not bound"
    return _Wanted(use.claim.form, use.claim.schema or show(use.claim.form), where)


def _told(use: Use, key: Pattern, wanted: _Wanted) -> Diagnostic:
    assert use.site is not None
    name, here = text_of(key), show(use.claim.form)
    there = f'"{wanted.text}" in {wanted.where}'
    message = f'Channel key "{name}" is used as "{here}" here, but as {there}'
    return Diagnostic(use.module, use.site, KEY_TYPE, message)
