# The third argument of another `execute` is none of a run's.

import sqlite3
from graflow import TaskExecutionContext

def run(given: sqlite3.Cursor) -> None:
    given.execute("select 1", ())
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().get("seed")  # E: Channel key "seed" is read but never written  [graflow-key-unknown]
