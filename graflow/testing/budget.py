"""The budget of the suite: the number of examples that each property is tried with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import hypothesis
from hypothesis import HealthCheck, Phase, Verbosity, given, settings
from hypothesis import strategies as st

__all__ = ["Budget"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """The effort spent on each property.

    Attributes:
        examples: The number of examples per property, > 0.
        seed: Makes a run repeatable; with `None`, each run tries different examples.
        shrink: Whether to search for a shorter example of a failure.
        on_loop: Whether each check is also made on an event loop if the harness has `open_async`,
            with a quarter of the examples, which about doubles the time. Checks that are about
            event loops are always made.
    """

    examples: int = 100
    seed: int | None = None
    shrink: bool = True
    on_loop: bool = True

    def settings(self, **more: Any) -> settings:
        """Return the budget as settings of Hypothesis."""
        phases = (Phase.generate, Phase.shrink) if self.shrink else (Phase.generate,)
        return settings(
            max_examples=self.examples,
            deadline=None,
            database=None,
            derandomize=False,
            print_blob=False,
            report_multiple_bugs=False,
            verbosity=Verbosity.quiet,
            phases=phases,
            suppress_health_check=list(HealthCheck),
            **more,
        )

    def explore(self, property_: Callable[..., None], **strategies: st.SearchStrategy[Any]) -> None:
        """Call a property with examples, and raise what the shortest one raises."""
        test = self.settings()(given(**strategies)(property_))
        self.run(test if self.seed is None else hypothesis.seed(self.seed)(test))

    @staticmethod
    def run(test: Callable[[], object]) -> None:
        """Run a test, and drop the notes from its error: the message says everything."""
        try:
            test()
        except BaseException as error:
            if hasattr(error, "__notes__"):
                del error.__notes__
            raise
