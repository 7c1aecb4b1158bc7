"""Channels and workflows on an event loop."""

from typing import TypedDict

from graflow import AsyncTransaction, TaskExecutionContext, Workflow, task


class Job(TypedDict):
    cost: int


NO_JOB: Job = {"cost": 0}


@task
async def later() -> int:
    return 1


async def channels(ctx: TaskExecutionContext) -> None:
    channel, jobs = ctx.get_channel().aio, ctx.get_typed_channel(Job).aio
    await jobs.set("first", {"cost": 1})  # right: type of a value
    await jobs.set("second", {"cost": "1"})  # mistake: type of a value
    await jobs.append("queue", {"cost": 1})  # right: type of an item
    await jobs.append("queue", 1)  # mistake: type of an item
    print((await jobs.get("first"))["cost"])  # right: forgotten await
    print(jobs.get("first")["cost"])  # mistake: forgotten await
    print(await jobs.get("second"))  # right: misspelled key
    print(await jobs.get("secnod"))  # mistake: misspelled key
    print((await jobs.pop("queue") or NO_JOB)["cost"])  # right: nothing to pop
    print((await jobs.pop("queue"))["cost"])  # mistake: nothing to pop
    ctx.get_channel().set("plain", 1)  # right: await of what is there
    await ctx.get_channel().set("plain", 1)  # mistake: await of what is there
    await channel.atomic_add("visits")  # right: another type
    await channel.atomic_add("third")  # mistake: another type
    await jobs.set("third", {"cost": 3})  # beside: another type
    async with channel.lock("door") as held:  # right: lock
        print(held.fence)
    with channel.lock("door") as held:  # mistake: lock
        print(held.fence)
    await channel.transact(pay)  # right: plain function in a transaction
    await channel.transact(lambda tx: 1)  # mistake: plain function in a transaction


async def pay(tx: AsyncTransaction) -> None:
    await tx.set("paid", True)


async def runs(wf: Workflow, ctx: TaskExecutionContext) -> None:
    async for event in wf.astream():  # right: stream
        print(event.run_id)
    for event in wf.astream():  # mistake: stream
        print(event.run_id)
    _, context = await wf.aexecute(ret_context=True)  # right: forgotten await of a run
    _, context = wf.aexecute(ret_context=True)  # mistake: forgotten await of a run
    print(ctx.get_result(later) + 1)  # right: type of a result
    print(ctx.get_result(later).upper())  # mistake: type of a result
    print(context.get_result("later"))  # right: misspelled id
    print(context.get_result("laterr"))  # mistake: misspelled id
