# A schema that can't be stored is refused in a transaction, too.
from collections.abc import Callable

from graflow import Channel, Transaction


def move(tx: Transaction) -> None:
    tx.typed(Callable[[], None])  # E: Schema "Callable" can't be stored in a channel: it is a callable  [graflow-schema]
    tx.keyed(int)  # E: Schema "int" can't describe the keys of a channel: it is not a TypedDict  [graflow-schema]
    tx.typed(schema=list[Callable[[], None]])  # E: Schema "list[Callable]" can't be stored in a channel: field "[]" is a callable  [graflow-schema]


def work(channel: Channel) -> None:
    channel.transact(lambda tx: tx.typed(Callable[[], None]).get("step"))  # E: Channel key "step" is read but never written  [graflow-key-unknown]  # E: Schema "Callable" can't be stored in a channel: it is a callable  [graflow-schema]
