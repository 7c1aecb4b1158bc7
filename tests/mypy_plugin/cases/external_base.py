# A class of one's own may be a channel where a base of it comes from another package.

# === site-packages/kit.py
from typing import Generic, Protocol, TypeVar

T = TypeVar("T")

class AuditStore(Protocol):
    def set(self, key: str, value: object) -> object: ...

class Store:
    def set(self, key: str, value: object) -> None: ...

class Shelf(Generic[T]):
    def set(self, key: str, value: T) -> None: ...

def wrap(store: object) -> Store:
    return Store()

# === app/main.py
import kit
from graflow import TaskExecutionContext

class Mine(kit.Store):
    pass
class Deep(Mine):
    pass
def use(ctx: TaskExecutionContext) -> None:
    Mine().set("a", 1)
    Deep().set("b", 1)
    ctx.get_channel().get_many(["a", "b", "c"])  # E: Channel key "c" is read but never written  [graflow-key-unknown]
