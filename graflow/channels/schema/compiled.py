"""Python expressions on the values of a schema, and functions compiled of them.

A function that is compiled has a file name such as `<graflow Order.dump>`, and the file's text is
where `linecache` looks for it, so that a debugger, a profiler and `inspect.getsource` find it.
"""

from __future__ import annotations

import linecache
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any, Final

from graflow.channels.schema.nodes import Node, bodies_in

__all__ = ["ALWAYS", "SHARED", "Expressions", "Inexpressible", "Language", "conjunction"]

ALWAYS: Final = "True"
"""An expression that needs no look at the value."""


class Inexpressible(Exception):
    """No expression tells what is asked about the values of a schema."""


@dataclass(frozen=True, slots=True)
class Language:
    """How to express something about values.

    Attributes:
        types_of: Returns the types of which one has to be the very type of a node's values, none
            if there is no need to look, or `None` if a rule says more.
        rules: By the kind of node.
        helper: The source of a function `{name}` of `value` that returns `{look}`.
    """

    types_of: Callable[[Node], frozenset[type] | None]
    rules: Mapping[str, Rule]
    helper: str


class Expressions:
    """Makes expressions in a language, and keeps what the names in them stand for."""

    def __init__(self, language: Language, **names: Any) -> None:
        """Start with the names that the source of a function uses."""
        self.bodies: dict[str, Node] = {}
        self._language = language
        self._space: dict[str, Any] = {"__name__": __name__, **names}
        self._numbers = count()
        self._helpers: list[str] = []
        self._functions: dict[str, str] = {}

    def function(self, title: str, source: str, node: Node) -> Callable[[Any], Any]:
        """Return a function that looks at values of a node.

        Args:
            title: The name of a schema, a dot, and the name of the function.
            source: Defines that function, with `{look}` for the expression on `value`.
            node: The schema.

        Raises:
            Inexpressible: The language has no expression for it, or one that Python can't parse,
                so deep is it nested.
        """
        try:
            source = source.format(look=self.look(node, "value"))
            text = "\n\n\n".join(each.strip() for each in (*self._helpers, source)) + "\n"
            function = _compiled(title, text, self._space)
        except (MemoryError, RecursionError, SyntaxError) as error:
            raise Inexpressible from error
        return function

    def name(self, meaning: object = None, hint: str = "x") -> str:
        """Return a new name, of a constant or of a variable inside an expression."""
        if isinstance(meaning, type) and meaning.__name__.isascii():
            hint = meaning.__name__ if meaning.__name__.isidentifier() else hint
        name = f"{hint}_{next(self._numbers)}"
        self._space[name] = meaning
        return name

    def look(self, node: Node, value: str) -> str:
        """Return an expression on what the expression `value` stands for."""
        types = self._language.types_of(node)
        if types is None:
            rule = self._language.rules.get(node["type"])
            if rule is None:
                raise Inexpressible
            return rule(self, node, value)
        if not types:
            return ALWAYS
        if len(types) == 1:
            (only,) = types
            return f"type({value}) is {self.name(only)}"
        return f"type({value}) in {self.name(types, 'types')}"

    def each(self, node: Node | None, items: str) -> str:
        """Return an expression on all that the expression `items` gives."""
        types = frozenset() if node is None else self._language.types_of(node)
        if types:
            return f"{self.name(types, 'types')}.issuperset(map(type, {items}))"
        if node is None or types is not None:
            return ALWAYS
        look = self.look(node, "value")
        if look == ALWAYS:
            return ALWAYS
        name = look.removesuffix("(value)")
        if name not in self._functions.values():
            name = self.name(hint="look")
            self._define(name, look)
        return f"all(map({name}, {items}))"

    def of_body(self, ref: str) -> str:
        """Return the name of a function of values of what a reference stands for."""
        if ref not in self._functions:
            self._functions[ref] = name = self.name(hint="look")
            self._define(name, self.look(self.bodies[ref], "value"))
        return self._functions[ref]

    def _define(self, name: str, look: str) -> None:
        self._helpers.append(self._language.helper.format(name=name, look=look))


Rule = Callable[[Expressions, Node, str], str]
"""Returns an expression on what an expression stands for, a value of a kind of node."""


def _nullable(it: Expressions, node: Node, value: str) -> str:
    name = it.name()
    return f"(({name} := {value}) is None or {it.look(node['schema'], name)})"


def _definitions(it: Expressions, node: Node, value: str) -> str:
    it.bodies = bodies_in(node)
    return it.look(node["schema"], value)


def _reference(it: Expressions, node: Node, value: str) -> str:
    return f"{it.of_body(node['schema_ref'])}({value})"


SHARED: Final[dict[str, Rule]] = {
    "nullable": _nullable,
    "definitions": _definitions,
    "definition-ref": _reference,
}
"""Rules of every language."""


def conjunction(*looks: str) -> str:
    """Return an expression that is true where all of the expressions are."""
    return f"({' and '.join(look for look in looks if look != ALWAYS)})"


def _compiled(title: str, source: str, space: dict[str, Any]) -> Callable[[Any], Any]:
    """Return the function of a source, which is kept as long as the function is."""
    file = _kept(title, source)
    try:
        exec(compile(source, file, "exec"), space)
    except BaseException:
        _forget(file)
        raise
    function: Callable[[Any], Any] = space.pop(title.rpartition(".")[2])
    weakref.finalize(function, _forget, file).atexit = False
    return function


def _kept(title: str, source: str) -> str:
    """Put a source where `linecache` finds it, and return the name of its file."""
    lines = (len(source), None, source.splitlines(keepends=True), title)
    name = f"<graflow {title}>"
    numbers = count(2)
    while linecache.cache.setdefault(name, lines) is not lines:  # it is that of another schema
        name = f"<graflow {title} {next(numbers)}>"
    return name


def _forget(file: str) -> None:
    linecache.cache.pop(file, None)
