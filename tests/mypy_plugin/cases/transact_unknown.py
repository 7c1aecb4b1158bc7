# What can't be followed is left alone, and may write.
from collections.abc import Callable
from typing import Any

from graflow import Channel, MemoryChannel, TaskExecutionContext, Transaction


def begin(channel: Channel, fn: Callable[[Transaction], None]) -> None:
    channel.transact(fn)


def own() -> None:
    MemoryChannel().transact(lambda tx: tx.get("of nobody"))


def unannotated(tx):  # type: ignore[no-untyped-def]
    tx.set("written", 1)


def work(ctx: TaskExecutionContext, anything: Any) -> None:
    begin(ctx.get_channel(), lambda tx: tx.set("by a lambda", 1))
    anything.transact(lambda tx: tx.add("by anything", 1))
    anything.typed(int).set("of anything", 1)
    ctx.get_channel().transact(unannotated)
    for key in ("written", "by a lambda", "by anything", "of anything"):
        print(key)
    ctx.get_channel().get("written")
    ctx.get_channel().get("by a lambda")
    ctx.get_channel().get("by anything")
    ctx.get_channel().get("of anything")
    ctx.get_channel().get("of nobody at all")  # E: Channel key "of nobody at all" is read but never written  [graflow-key-unknown]
