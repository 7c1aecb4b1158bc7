# What has a Protocol of another package as its type may be a channel.

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
from graflow import TaskExecutionContext
from kit import AuditStore

def audit(store: AuditStore) -> None:
    store.set("k", 1)
def use(ctx: TaskExecutionContext) -> None:
    audit(ctx.get_channel())
    ctx.get_channel().get("k")
    ctx.get_channel().get("kk")  # E: Channel key "kk" is read but never written  [graflow-key-unknown]
