"""A shop whose orders are priced: a run that is under way as long as the screenshots take."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TypedDict

from graflow import (
    Channel,
    Key,
    KeyPattern,
    Keys,
    TaskFailedError,
    Workflow,
    parallel,
    task,
    workflow,
)

__all__ = ["Shared", "Shop", "fill"]


class Order(TypedDict):
    """An order."""

    customer: str
    items: int
    total: float


class Shared(Keys):
    """What the tasks of the shop share."""

    order = KeyPattern("order:{number}", Order, doc="An order, as the shop exported it.")
    session = KeyPattern("session:{id}", dict[str, str], ttl=3600, doc="Who is logged in.")
    rates = Key(dict[str, float], doc="What a euro is worth.")
    revenue = Key(float, doc="The sum of all orders, in euros.")


class Shop:
    """A workflow whose tasks wait until they are let go."""

    def __init__(self, channel: Channel) -> None:
        """Take the channel of its runs."""
        self.workflow = self._made(channel)
        self._going = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def start(self) -> None:
        """Begin a run, which gets as far as it does at first."""
        self._thread.start()

    def finish(self) -> None:
        """Let it go on to its end."""
        self._going.set()
        self._thread.join()

    def _run(self) -> None:
        with suppress(TaskFailedError):
            self.workflow.execute()

    def _made(self, channel: Channel) -> Workflow:
        attempts: dict[int, int] = {}

        @task
        def export() -> int:
            """Export the orders of the day."""
            return 48

        @task
        def rates() -> dict[str, float]:
            """Ask for the rates of the day."""
            return {"USD": 1.08, "CHF": 0.97}

        @task(max_retries=3, retry_delay=1.5)
        def price(part: int) -> int:
            """Price a part of the orders."""
            attempts[part] = attempts.get(part, 0) + 1
            if part == 3 and not self._going.is_set():
                raise ConnectionError("the shop did not answer within 10 s")
            if part >= 4:
                self._going.wait()
            return part

        @task
        def revenue() -> float:
            """Sum up the orders."""
            total: dict[str, float] = {"EUR": 4_120.5}
            return total["USD"]

        @task
        def report() -> None:
            """Send the report."""

        with workflow("nightly orders", channel=channel) as wf:
            parts = parallel(*(price(task_id=f"price_{part}", part=part) for part in range(1, 6)))
            parallel(export, rates) >> parts >> revenue >> report
        return wf


def fill(channel: Channel) -> None:
    """Store what an import of the shop would."""
    customers = ["Ada", "Bela", "Chen", "Dora", "Emil", "Fay"]
    for number in range(1, 49):
        order = {
            "customer": customers[number % 6],
            "items": number % 5 + 1,
            "total": 12.5 * (number % 7 + 1),
        }
        channel.set(f"order:{number:04}", order)
    channel.set("order:0003", {"customer": "Chen", "items": "two", "total": None})
    channel.set("rates", {"USD": 1.08, "CHF": 0.97})
    channel.set("session:ada", {"user": "Ada", "from": "2026-01-02"}, ttl=3600)
    channel.set("notes", ["checked by Ada"])
