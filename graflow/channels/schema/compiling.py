"""Validators and serializers that follow a core schema and nothing else.

For a class that is complete, pydantic-core uses the validator and the serializer that the class
has already, instead of what the core schema asks for. So while one is compiled, the classes in it
claim to be incomplete. Meanwhile they work as before, in every thread.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock
from typing import Any, Final

from pydantic_core import SchemaSerializer, SchemaValidator

from graflow.channels.schema.named_tuples import called, written
from graflow.channels.schema.nodes import descend
from graflow.system.forks import guard

__all__ = ["building", "serializer_of", "validator_of"]

_COMPLETE: Final = "__pydantic_complete__"


class _Building:
    """A guard that lets one schema be built at a time, as that changes what all threads see."""

    def __init__(self) -> None:
        self._incomplete: set[type] = set()
        self.start_anew()
        guard(self)

    def start_anew(self) -> None:
        self.lock = RLock()
        self._restore()

    @contextmanager
    def incomplete(self, classes: set[type]) -> Iterator[None]:
        """Let these classes, which are complete, claim that they are not."""
        with self.lock:
            try:
                for cls in classes:
                    self._incomplete.add(cls)
                    type.__setattr__(cls, _COMPLETE, False)
                yield
            finally:
                self._restore()

    def _restore(self) -> None:
        while self._incomplete:
            type.__setattr__(self._incomplete.pop(), _COMPLETE, True)


building: Final = _Building()
"""Whoever builds a schema holds its lock."""


def validator_of(core: Any, config: Any) -> SchemaValidator:
    """Return a validator that does what the core schema says, whatever its classes do."""
    with building.incomplete(_complete_classes(core)):
        return SchemaValidator(called(core), config)


def serializer_of(core: Any, config: Any) -> SchemaSerializer:
    """Return a serializer that does what the core schema says, whatever its classes do."""
    with building.incomplete(_complete_classes(core)):
        return SchemaSerializer(written(core), config)


def _complete_classes(core: Any) -> set[type]:
    classes = (node.get("cls") for node in descend(core))
    return {cls for cls in classes if isinstance(cls, type) and vars(cls).get(_COMPLETE) is True}
