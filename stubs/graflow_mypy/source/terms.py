r"""Terms: what an expression of a source file says, kept as JSON and resolved later.

The index of a file must not depend on other files, so an expression is kept as a term, in
which the names of a module stand for themselves. A term is a list whose first item is its kind:

| term | meaning |
| --- | --- |
| `["?"]` | anything: nothing is known |
| `["s", text]` | that text |
| `["k", repr, type]` | another constant, or a display of a built-in type |
| `["r", dotted]` | a name of a module, as `shop.keys.USER` |
| `["a", term, name]` | an attribute of something else |
| `["+", term, ...]` | texts joined |
| `["o", term, ...]` | one of several |
| `["\\|", left, right]` | a union, or anything else that `\\|` makes |
| `["i", term, [term, ...]]` | a subscript: the arguments of a generic type |
| `["l", term, ...]` | a list or tuple of terms |
| `["d", [[key, value], ...]]` | a dict display; a key is `["?"]` where it is unpacked |
| `["f", function, [argument, ...], {name: argument}]` | a call |
| `["ch", kind, schema]` | a run's channel: `plain`, `typed` or `keyed` |
| `["t", annotation, value]` | a variable or parameter with an annotation |
"""

from __future__ import annotations

from typing import Any

__all__ = ["ANY", "Term", "either", "is_unknown"]

Term = list[Any]
"""A term, as the table above has it."""

ANY: Term = ["?"]
"""The term of which nothing is known."""

_MOST_ALTERNATIVES = 8


def either(terms: list[Term]) -> Term:
    """Return the term of something that is one of `terms`."""
    distinct: list[Term] = []
    for term in terms:
        for each in term[1:] if term[0] == "o" else [term]:
            if each not in distinct:
                distinct.append(each)
    if len(distinct) == 1:
        return distinct[0]
    return ["o", *distinct] if 0 < len(distinct) <= _MOST_ALTERNATIVES else ANY


def is_unknown(term: Term) -> bool:
    """Tell whether nothing at all is known of a term."""
    return bool(term[0] == "?")
