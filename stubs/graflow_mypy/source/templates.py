"""Templates: texts that something is put into, as by `%` and `format`."""

from __future__ import annotations

import re

from graflow_mypy.source.terms import ANY, Joined, Term, Text

__all__ = ["braces_format", "percent_format"]

_PERCENT = re.compile(r"%(?:\([^)]*\))?[#0\- +]*(?:\*|\d+)?(?:\.(?:\*|\d+))?[a-zA-Z%]")
_BRACES = re.compile(r"\{\{|\}\}|\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}")


def percent_format(template: Term) -> Term:
    """Return what `template % ...` gives."""
    return _template(template, _PERCENT, "%%", "%")


def braces_format(template: Term) -> Term:
    """Return what `template.format(...)` gives."""
    return _template(template, _BRACES, "{{", "{")


def _template(template: Term, pattern: re.Pattern[str], escaped: str, plain: str) -> Term:
    """Return the text that a template gives, with anything where something is put in."""
    if not isinstance(template, Text):
        return ANY
    pieces: list[Term] = []
    end = 0
    for match in pattern.finditer(template.text):
        pieces.append(Text(template.text[end : match.start()]))
        is_escape = match.group() in {escaped, "}}"}
        pieces.append(Text(plain if match.group() == escaped else "}") if is_escape else ANY)
        end = match.end()
    return Joined((*pieces, Text(template.text[end:])))
