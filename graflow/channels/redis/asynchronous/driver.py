"""The driver, on an event loop, of the steps in which a command is sent.

A command that is not sent yet is not sent after a cancellation, and nobody waits for what a read
returns. A change that was sent is awaited until it is known what became of it. So a cancelled call
raises once a change of its has happened, or never will.
"""

from __future__ import annotations

import asyncio
from typing import Any, TypeVar

from graflow.channels.redis.sending.requests import Attempt, Pause, Perform, Sending
from graflow.system.cancellations import carried_out

__all__ = ["Cancellations", "carry_out_on_loop", "must_go_on"]

R = TypeVar("R")

Cancellations = list[asyncio.CancelledError]
"""The cancellations of a call that are to be raised when it is known what became of a change."""


async def carry_out_on_loop(steps: Sending[R], backend: Any) -> R:
    """Carry out the steps, and return their result.

    Args:
        steps: Attempts in them are made on links of the running loop.
        backend: The awaitable form of the channel's backend.
    """
    held: Cancellations = []
    try:
        request = steps.send(None)
        while True:
            try:
                if held and not must_go_on(request):
                    raise held[0]
                if type(request) is Attempt:
                    answer = await request.link.send(request, held)
                elif type(request) is Pause:
                    answer = await _pause(request, held)  # type: ignore[func-returns-value]
                else:
                    answer = await backend.perform(request.steps)  # type: ignore[union-attr]
            except BaseException as error:  # noqa: BLE001 - the steps decide what it means
                request = steps.throw(error)
            else:
                request = steps.send(answer)
    except StopIteration as end:
        result: R = end.value
        return _returned(result, held)
    except Exception as error:
        if held:
            raise held[0] from error
        raise


def _returned(result: R, held: Cancellations) -> R:
    if held:
        raise carried_out(held[0], result) from None
    return result


def must_go_on(request: Attempt | Pause | Perform) -> bool:
    """Tell whether a request belongs to a change that may have been made, or be made yet."""
    if type(request) is Perform:
        return False
    effort = request.effort  # type: ignore[union-attr]
    return effort is not None and effort.in_doubt


async def _pause(request: Pause, held: Cancellations) -> None:
    try:
        await asyncio.sleep(request.seconds)
    except asyncio.CancelledError as error:
        if not must_go_on(request):
            raise
        held.append(error)
