# What is written on an event loop counts as written, and what is read as read.

from graflow import AsyncTransaction, TaskExecutionContext, TypedChannel, task, workflow


@task(inject_context=True)
async def writes(ctx: TaskExecutionContext) -> None:
    channel = ctx.get_channel().aio
    await channel.set("count", 1)
    await ctx.get_channel().aio.set("other", 2)

    async def inside(tx: AsyncTransaction) -> None:
        await tx.set("third", 3)

    await channel.transact(inside)


@task(inject_context=True)
async def reads(ctx: TaskExecutionContext) -> None:
    channel = ctx.get_channel()
    await channel.aio.get("count")
    channel.get("other")
    channel.get("third")
    await channel.aio.get("coumt")  # E: Channel key "coumt" is read but never written; did you mean "count"?  [graflow-key-unknown]
    await ctx.get_typed_channel(int).aio.get("othre")  # E: Channel key "othre" is read but never written; did you mean "other"?  [graflow-key-unknown]


with workflow("w"):
    writes >> reads
