# A program that does not use the library is told nothing.

from typing import Any

class Store:
    def set(self, key: str, value: object) -> None: ...
    def get(self, key: str) -> object: ...
    def get_channel(self) -> "Store": ...

def make(store: Store, key: str, client: Any) -> None:
    store.set(key, 1)
    client.set(key, 1)
    client.get("whatever")
    store.get("whatever")
