"""Edge cases of transactions that are refused, or raise."""

from __future__ import annotations

from typing import Any

from graflow.exceptions import (
    ChannelConflictError,
    ChannelError,
    ChannelKeyError,
    ChannelTypeError,
    ChannelValueError,
)
from graflow.testing.edges.edge import edge
from graflow.testing.edges.transactions.transaction import require_error, tx
from graflow.testing.harness import Capability
from graflow.testing.trials.steps import Etag, Left, do
from graflow.testing.trials.trial import Trial

__all__ = ["EDGES"]

_NOTHING = "if `fn` raises, or an operation is refused, nothing changed"
_END = "no attempt begins after `timeout` seconds, or after `attempts` of them"


def _rejected(trial: Trial) -> None:
    channel = trial.open("job")
    bad: list[tuple[dict[str, Any], type[ChannelError]]] = [
        ({"attempts": 0}, ChannelValueError),
        ({"attempts": True}, ChannelTypeError),
        ({"attempts": 1.0}, ChannelTypeError),
        ({"timeout": 0}, ChannelValueError),
        ({"timeout": "1"}, ChannelTypeError),
    ]
    for options, kind in bad:
        trial.note(f"a.transact(lambda tx: tx.set('key', 1), **{options})")
        require_error(trial, kind, lambda tx: tx.set("key", 1), options)
        trial.require(not channel.exists("key"), "nothing changed")


def _over(trial: Trial) -> None:
    kept: list[Any] = []
    trial.note("tx = a.transact(lambda tx: kept.append(tx)); kept[0].set('key', 1)")
    channel = trial.open("job")
    channel.transact(kept.append)
    (tx,) = kept
    for name, args in (
        ("set", ("key", 1)),
        ("get", ("key",)),
        ("append", ("key", 1)),
        ("keys", ()),
    ):
        try:
            getattr(tx, name)(*args)
        except ChannelTypeError:
            continue
        trial.require(False, "a transaction that is over raises")
    trial.require(channel.keys() == [], "nothing was stored")


EDGES = [
    edge(
        Capability.COMMITS,
        "transact: a function that raises changes nothing",
        _NOTHING,
        do("set", "key", [1], ttl=150),
        tx(do("append", "key", 2), do("set", "new", 1), do("clear"), fails=True).rejects(
            LookupError
        ),
        do("get", "key").gives([1]),
        do("ttl", "key").gives(Left(150)),
        do("exists", "new").gives(False),
    ),
    edge(
        Capability.COMMITS,
        "transact: a refused operation changes nothing, whatever came before",
        _NOTHING,
        do("set_many", {"number": 1, "list": [1]}, ttl=150),
        tx(do("set", "new", 1), do("append", "number", 2)).raises(ChannelTypeError),
        tx(do("append", "list", 2), do("atomic_add", "list", 2)).raises(ChannelTypeError),
        tx(do("pop", "list"), do("pop", "number")).raises(ChannelTypeError),
        tx(do("delete", "list"), do("ttl", "list")).raises(ChannelKeyError),
        tx(do("clear"), do("set", "new", object())).raises(ChannelTypeError),
        tx(do("set", "new", 1), do("set", "", 1)).rejects(ChannelValueError),
        do("get_many", ["number", "list", "new"]).gives({"number": 1, "list": [1]}),
        do("ttl", "list").gives(Left(150)),
    ),
    edge(
        Capability.COMMITS,
        "transact: a refusal comes also where it is looked at late",
        _NOTHING,
        do("set_many", {"number": 1, "list": [1]}),
        tx(do("append", "number", 2), do("get", "number")).raises(ChannelTypeError),
        tx(do("atomic_add", "list", 2), do("pop", "list")).raises(ChannelTypeError),
        tx(do("append", "number", 2), do("exists", "list")).raises(ChannelTypeError),
        do("get_many", ["number", "list"]).gives({"number": 1, "list": [1]}),
    ),
    edge(
        Capability.COMMITS,
        "transact: an etag holds inside it",
        "only if the key still holds what the etag stands for, its types included",
        do("set", "key", 1),
        do("entry", "key").gives((1, None)),
        tx(do("set", "key", 2), do("set", "key", 3, if_etag=Etag())).raises(ChannelConflictError),
        tx(do("set", "key", 2, if_etag=Etag()), do("get", "key")).gives([None, 2]),
        do("get", "key").gives(2),
    ),
    edge(
        Capability.COMMITS,
        "transact: bad limits are refused",
        _END,
        body=_rejected,
    ),
    edge(
        Capability.COMMITS,
        "transact: nobody can use it after the end",
        "`tx` can't be used after the end",
        body=_over,
    ),
]
"""Transactions that end with an error and change nothing."""
