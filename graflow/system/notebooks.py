"""Output of notebooks for a thing: a picture, and text where there are no pictures."""

from __future__ import annotations

from collections.abc import Container
from typing import Any, NamedTuple

from graflow.exceptions import GraflowError

__all__ = ["Shown", "Sight"]


class Sight(NamedTuple):
    """What is seen of a thing.

    Attributes:
        svg: A picture.
        details: What stands below it, as HTML.
        plain: What is shown where there are no pictures; by default the thing's `repr`.
    """

    svg: str
    details: str = ""
    plain: str = ""

    @property
    def html(self) -> str:
        """The picture inside HTML, which scrolls if it is wide, and the details."""
        return f'<div style="overflow-x:auto;max-width:100%">{self.svg}</div>{self.details}'


class Shown:
    """A thing of which Jupyter, and whatever else looks for such methods, shows a picture.

    It is never in the way: where there is no picture, text is shown.
    """

    __slots__ = ()

    def _sight(self) -> Sight | None:
        """Return what is seen of it; `None` if that is its text alone."""
        raise NotImplementedError

    def _repr_html_(self) -> str | None:
        """Return the picture in HTML; `None` if there is none."""
        sight = self._sight_or_none()
        return None if sight is None else sight.html

    def _repr_mimebundle_(
        self, include: Container[str] | None = None, exclude: Container[str] | None = None
    ) -> dict[str, Any]:
        """Return the picture as SVG and in HTML, and the text, for a front end to choose from."""
        sight = self._sight_or_none()
        found = {"text/plain": repr(self)}
        if sight is not None:
            plain = sight.plain or repr(self)
            found = {"text/plain": plain, "text/html": sight.html, "image/svg+xml": sight.svg}
        return {
            kind: shown
            for kind, shown in found.items()
            if (include is None or kind in include) and (exclude is None or kind not in exclude)
        }

    def _sight_or_none(self) -> Sight | None:
        try:
            return self._sight()
        except GraflowError:  # a cycle, say, which is to be seen when the workflow is executed
            return None
