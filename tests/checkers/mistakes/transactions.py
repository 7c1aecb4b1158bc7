"""Transactions, and writes under a condition."""

from typing import TypedDict

from graflow import TaskExecutionContext, Transaction


class Account(TypedDict):
    balance: int


def pay(tx: Transaction, amount: int) -> int:
    accounts = tx.typed(Account)
    accounts.set("ann", {"balance": 100 - amount})  # right: type of a value
    accounts.set("bob", {"balance": f"{amount}"})  # mistake: type of a value
    tx.append("payments", amount)  # right: schema of what is read
    tx.append("fees", "none")  # mistake: schema of what is read
    print(tx.get("payments"))  # right: misspelled key
    print(tx.get("paymnets"))  # mistake: misspelled key
    tx.atomic_add("total", amount)  # right: another type
    tx.atomic_add("cem", amount)  # mistake: another type
    accounts.set("cem", {"balance": amount})  # beside: another type
    return amount


async def pay_later(tx: Transaction) -> None:
    tx.atomic_add("total", 1)


def work(ctx: TaskExecutionContext) -> None:
    channel, accounts = ctx.get_channel(), ctx.get_typed_channel(Account)
    channel.transact(lambda tx: pay(tx, 3))  # right: type of a parameter
    channel.transact(lambda tx: pay(tx, "3"))  # mistake: type of a parameter
    channel.transact(lambda tx: tx.set("day", 1))  # right: function without a transaction
    channel.transact(lambda: channel.set("day", 1))  # mistake: function without a transaction
    channel.transact(pay_now)  # right: call in place of a function
    channel.transact(pay(channel, 3))  # mistake: call in place of a function
    print(channel.transact(lambda tx: pay(tx, 3)) + 1)  # right: type of the result
    print(channel.transact(lambda tx: pay(tx, 3)) + "1")  # mistake: type of the result
    channel.transact(pay_now, attempts=3)  # right: option
    channel.transact(pay_now, retries=3)  # mistake: option
    print(ctx.get_typed_channel(int).get_list("payments"))
    print(ctx.get_typed_channel(int).get_list("fees"))  # beside: schema of what is read
    entry = accounts.entry("ann")
    accounts.set("ann", entry.value, if_etag=entry.etag)  # right: etag
    accounts.set("ann", entry.value, if_etag=entry)  # mistake: etag
    accounts.set("ann", {"balance": entry.value["balance"]})  # right: value of an entry
    accounts.set("ann", {"balance": entry["balance"]})  # mistake: value of an entry
    accounts.add("dan", {"balance": 1})  # right: type of what is added
    accounts.add("eve", {"balance": None})  # mistake: type of what is added


def pay_now(tx: Transaction) -> None:
    pay(tx, 1)
