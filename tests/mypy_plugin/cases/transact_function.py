# A named function gets the transaction of a run if `transact` gets it, however it is named there.
# === app/bank.py
from functools import partial

from graflow import MemoryChannel, TaskExecutionContext, Transaction
from graflow import Transaction as Tx

from app import elsewhere

RATES = MemoryChannel()  # so that a channel that is handed over need not be one of a run


def move(tx: Transaction, amount: int = 1) -> None:
    tx.atomic_add("to", amount)
    tx.atomic_add("from", -amount)
    tx.typed(str).set("note", "moved")  # E: Channel key "note" is used as "str" here, but as "int" in app.bank.check  [graflow-key-type]


def check(tx: Tx) -> int:
    return tx.typed(int).get("note")  # E: Channel key "note" is used as "int" here, but as "str" in app.bank.move  [graflow-key-type]


def helped(tx: "Transaction", name: str) -> None:
    tx.get("helpd")  # E: Channel key "helpd" is read but never written  [graflow-key-unknown]


def helping(tx: Transaction) -> None:
    helped(tx, "one")


def of_rates(tx: Transaction) -> None:
    tx.get("rate of nobody")  # N: graflow: channels that come in as parameters are not judged: app/bank.py:8 makes another channel


class Bank:
    def add_up(self, tx: Transaction) -> None:
        tx.get("form")  # E: Channel key "form" is read but never written; did you mean "from"?  [graflow-key-unknown]

    @staticmethod
    def still(tx: Transaction) -> None:
        tx.get("stil")  # E: Channel key "stil" is read but never written  [graflow-key-unknown]

    def run(self, ctx: TaskExecutionContext) -> None:
        channel = ctx.get_channel()
        channel.transact(self.add_up)
        channel.transact(Bank.still)


class Branch(Bank):
    def audit(self, tx: Transaction) -> None:
        tx.get("audt")  # E: Channel key "audt" is read but never written  [graflow-key-unknown]


def work(ctx: TaskExecutionContext) -> None:
    def nested(tx: Transaction) -> None:
        tx.get("nestd")  # E: Channel key "nestd" is read but never written  [graflow-key-unknown]

    channel = ctx.get_channel()
    channel.transact(move)
    channel.transact(partial(move, amount=2))
    channel.transact(check)
    channel.transact(nested)
    channel.transact(lambda tx: helping(tx))
    channel.transact(lambda tx: elsewhere.read(tx=tx))
    channel.transact(Branch().audit)
    RATES.transact(of_rates)
# === app/elsewhere.py
from graflow import Transaction


def read(tx: Transaction) -> None:
    tx.get("elsewere")  # E: Channel key "elsewere" is read but never written  [graflow-key-unknown]


def never_called(tx: Transaction) -> None:
    tx.get("whatever")
