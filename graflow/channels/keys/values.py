"""`Values`: what several keys held at one moment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Generic, overload

from typing_extensions import TypeVar

from graflow.channels.keys.key import Key
from graflow.channels.keys.operands import Readable

__all__ = ["Values"]

T = TypeVar("T")
D = TypeVar("D")
C_co = TypeVar("C_co", covariant=True)


class Values(Generic[C_co]):
    """What several keys held at one moment: a mapping whose values have the types of the keys.

    A key that held nothing is not in it.
    """

    def __init__(self, values: Mapping[Key[Any], Any]) -> None:
        """Take the values by their keys."""
        self._values: Mapping[Any, Any] = dict(values)

    def __getitem__(self, key: Readable[T, C_co]) -> T:
        """Return what a key held.

        Raises:
            KeyError: It held nothing, or nobody asked for it.
        """
        value: T = self._values[key]
        return value

    @overload
    def get(self, key: Readable[T, C_co]) -> T | None: ...
    @overload
    def get(self, key: Readable[T, C_co], default: D) -> T | D: ...
    def get(self, key: Readable[Any, C_co], default: Any = None) -> Any:
        """Return what a key held, or `default` if it held nothing."""
        return self._values.get(key, default)

    def __contains__(self, key: Key[Any, C_co], /) -> bool:
        """Tell whether a key held something."""
        return key in self._values

    def __iter__(self) -> Iterator[Key[Any]]:
        """Yield the keys that held something."""
        return iter(self._values)

    def __len__(self) -> int:
        """Return how many keys held something."""
        return len(self._values)

    def __repr__(self) -> str:
        """Show the keys and what they held."""
        return f"{type(self).__name__}({self._values!r})"
