"""Functions compiled from text, which debuggers, profilers and `inspect.getsource` can show.

Each has a file name such as `<graflow Order.dump>`, under which `linecache` finds its text.
"""

from __future__ import annotations

import linecache
import weakref
from collections.abc import Callable
from itertools import count
from typing import Any

__all__ = ["compiled"]


def compiled(title: str, source: str, names: dict[str, Any]) -> Callable[[Any], Any]:
    """Return a function that a text defines; the text is kept for as long as the function.

    Args:
        title: The name of a schema, a dot, and the name of the function.
        source: The text.
        names: What the names in it stand for.

    Raises:
        SyntaxError: Python can't parse the text; `MemoryError` or `RecursionError` if it is
            nested too deeply.
    """
    file = _kept(title, source)
    try:
        exec(compile(source, file, "exec"), names)
    except BaseException:
        linecache.cache.pop(file, None)
        raise
    function: Callable[[Any], Any] = names.pop(title.rpartition(".")[2])
    weakref.finalize(function, linecache.cache.pop, file, None).atexit = False
    return function


def _kept(title: str, source: str) -> str:
    """Put a text where `linecache` finds it, and return the name of its file."""
    lines = (len(source), None, source.splitlines(keepends=True), title)
    name = f"<graflow {title}>"
    numbers = count(2)
    while linecache.cache.setdefault(name, lines) is not lines:  # another schema has this name
        name = f"<graflow {title} {next(numbers)}>"
    return name
