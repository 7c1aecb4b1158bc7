"""The steps of a trial as a script that can be pasted into a Python prompt."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from graflow.testing.trials.literals import IMPORTS, expression
from graflow.testing.trials.steps import Step

__all__ = ["ANY_OPEN", "ScriptLine", "script"]

ANY_OPEN = "# `open` and `advance` are those of the backend's harness"
_SCRIBBLE = "from graflow.testing.trials.equality import scribble  # changes everything mutable"


@dataclass(frozen=True, slots=True)
class ScriptLine:
    """A step, or a line of code.

    Attributes:
        content: The step or the code.
        is_look: Whether it is a read between the actual steps.
    """

    content: Step | str
    is_look: bool = False


def script(lines: Sequence[ScriptLine], preamble: str, *, is_whole: bool) -> str:
    """Return Python code.

    Args:
        lines: What was done; the last line is the one that failed.
        preamble: Code that defines `open` and `advance`.
        is_whole: Whether to include the looks, and the changes to what was stored or read.
    """
    head = [IMPORTS, preamble.strip() or ANY_OPEN]
    if is_whole:
        head.append(_SCRIBBLE)
    steps = [line.content for line in lines if isinstance(line.content, Step)]
    for operation, noted in (("lock", "locks"), ("entry", "etags")):
        if any(step.operation == operation for step in steps):
            head.append(f"{noted} = []")
    return "\n".join([*head, *_body(lines, is_whole=is_whole)])


def _body(lines: Sequence[ScriptLine], *, is_whole: bool) -> Iterator[str]:
    letters: dict[str, str] = {}
    opened: set[str] = set()

    def variable(step: Step) -> str:
        letter = letters.setdefault(step.channel, chr(ord("a") + len(letters) % 26))
        return f"{letter}{step.handle or ''}"

    for line in lines:
        step, is_last = line.content, line is lines[-1]
        if isinstance(step, str):
            yield step
        elif is_whole or is_last or not line.is_look:
            for each in (step, step.meanwhile):
                if each and each.operation != "advance" and variable(each) not in opened:
                    opened.add(variable(each))
                    yield f"{variable(each)} = open({expression(each.channel)})"
            if is_whole and not is_last and step.meanwhile is None:
                yield step.source_and_scribble(variable(step))
            else:
                other = step.meanwhile
                yield step.source(variable(step), other.source(variable(other)) if other else "")
