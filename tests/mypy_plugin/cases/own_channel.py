# A class derived from a channel is one, whatever it is called.

from graflow import MemoryChannel, TaskExecutionContext

class Store(MemoryChannel):
    pass
class Deep(Store):
    pass
def fill(store: Store) -> None:
    store.set("typed", 1)
def make() -> None:
    Store("a").set("a", 1)
    Deep("b").set("b", 1)
    fill(Store("c"))
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().get_many(["a", "b", "typed", "none"])  # E: Channel key "none" is read but never written  [graflow-key-unknown]
