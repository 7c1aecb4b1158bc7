"""Parameters of tasks that nothing is bound to: a run reads them from the channel."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from graflow_mypy.program.program import Program
from graflow_mypy.program.resolved import Given, OfGraflow, ProgramFunction
from graflow_mypy.program.types.type_terms import form_of
from graflow_mypy.program.types.type_texts import type_text
from graflow_mypy.program.uses import Claim, Use, keys_at_start
from graflow_mypy.source.notes import FunctionNote, ParameterNote, PlacedNote
from graflow_mypy.source.terms import Call, Constant, Name, Term

__all__ = ["parameters_of", "parameters_read"]

_COMPOSING = {OfGraflow("chain"), OfGraflow("parallel")}
_FALSE, _TRUE = Constant("False", "bool"), Constant("True", "bool")
_UNPACKED = {"*", "**"}


def parameters_read(program: Program) -> Iterator[Use]:
    """Yield a use of a key for each parameter of a task in a workflow that is certainly unbound.

    A task may be called, and its parameters bound, where nobody sees it. So what counts is not the
    task, but each place where it is put into a workflow. What some run starts with is left out: it
    need not be what another one's tasks write.
    """
    started = keys_at_start(program)
    for module, notes in program.files.items():
        if module in program.others:
            continue  # somebody else checks it
        for placed in notes.placed:
            for use in _read(placed, module, program):
                if started.isdisjoint(use.keys):
                    yield use


def parameters_of(module: str, program: Program) -> Iterator[Use]:
    """Yield a use for each parameter that is unbound where a module puts tasks into workflows.

    Nothing is yielded of a module that also makes tasks otherwise than with a decorator: their
    parameters are unknown.
    """
    notes = program.files.get(module)
    if notes is not None and not notes.tasks:
        for placed in notes.placed:
            yield from _read(placed, module, program)


def _read(placed: PlacedNote, module: str, program: Program) -> Iterator[Use]:
    function = placed.function
    if isinstance(function, Name) and program.resolve(function.dotted) not in _COMPOSING:
        return
    call = placed.task if isinstance(placed.task, Call) else Call(placed.task, ())
    definition = _task(call, program)
    if definition is None:
        return
    parameters = _own_parameters(program.function_note(definition), program)
    if parameters is None:
        return
    for each in _unbound(call, parameters):
        operation = "optional parameter" if each.has_default else "parameter"
        form, text = form_of(each.annotation, program), type_text(each.annotation)
        claim = Claim(operation, form, has_schema=True, schema=text)
        location, site = (definition.module, definition.name), placed.site
        keys = frozenset({(each.name,)})
        yield Use(keys, claim, "run", location, site, site.line, site_module=module)


def _task(call: Call, program: Program) -> ProgramFunction | None:
    """Return the function of a task that is put into a workflow."""
    function = call.function
    found = program.resolve(function.dotted) if isinstance(function, Name) else None
    if not isinstance(found, ProgramFunction):
        return None
    decorators = program.function_note(found).decorators
    makers = (each.function if isinstance(each, Call) else each for each in decorators)
    return found if any(map(program.is_task, makers)) else None


def _own_parameters(note: FunctionNote, program: Program) -> Sequence[ParameterNote] | None:
    """Return the parameters of a task without the context; `None` if nobody knows which it is."""
    options = _options(note.decorators[0], program)
    if options is None or not isinstance(options.get("inject_context", _FALSE), Constant):
        return None
    return note.parameters[options.get("inject_context", _FALSE) == _TRUE :]


def _options(decorator: Term, program: Program) -> Mapping[str, Term] | None:
    """Return the options that `task` was called with, by a decorator or where it got a name."""
    function = decorator.function if isinstance(decorator, Call) else decorator
    found = program.resolve(function.dotted) if isinstance(function, Name) else None
    if isinstance(found, Given) and decorator == function:
        return _options(found.term, program) if isinstance(found.term, Call) else None
    if found != OfGraflow("task"):
        return None
    options = dict(decorator.named) if isinstance(decorator, Call) else {}
    return None if _UNPACKED & options.keys() else options


def _unbound(call: Call, parameters: Sequence[ParameterNote]) -> Iterator[ParameterNote]:
    bound = {name for name, _ in call.named}
    if _UNPACKED & bound:
        return
    positional = [each.name for each in parameters if each.is_positional]
    bound.update(positional[: len(call.arguments)])
    yield from (each for each in parameters if each.name not in bound)
