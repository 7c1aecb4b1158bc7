# A class of another package may write to the channel of a run.

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

def write(shelf: kit.Shelf[int], either: kit.Store | None) -> None:
    kit.Store().set("made", 1)
    shelf.set("generic", 1)
    if either is not None:
        either.set("optional", 1)
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().get_many(["made", "generic", "optional", "none"])  # E: Channel key "none" is read but never written  [graflow-key-unknown]
