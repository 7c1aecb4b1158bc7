"""Pauses of processes that were forked from one: each has a rhythm of its own."""

from __future__ import annotations

import json
import math
import subprocess
import sys

from tests.paths import ROOT

# A fork in the process of the tests would take their threads for its own.
FORKED_TWICE = """
import json, os
from redis.exceptions import ConnectionError
from graflow.channels.commits.commit import Conflict
from graflow.channels.locks.line import wait_in_line
from graflow.channels.locks.lock_steps import Acquire, LineUp, Sleep, StandInLine
from graflow.channels.operation.attempts import Limits, insist
from graflow.channels.redis.retrying import Effort
from graflow.system.clock import monotonic

def attempt(owner):
    return Conflict("key")
    yield

def first_pause(steps):
    answers = {Acquire: "another", LineUp: 0, StandInLine: None}
    asked = next(steps)
    while type(asked) is not Sleep:
        asked = steps.send(answers[type(asked)])
    return asked.seconds

def pauses():
    effort = Effort("server", 60, monotonic() + 60, writes=False)
    return {
        "update": first_pause(insist(attempt, Limits(60), "channel")),
        "lock": first_pause(wait_in_line("lock", "me", 1_000, monotonic() + 60)),
        "retry": effort.pause_after(ConnectionError()),
    }

for _ in range(2):
    child = os.fork()
    if child == 0:
        os.write(1, json.dumps(pauses()).encode() + b"\\n")
        os._exit(0)
    os.waitpid(child, 0)
"""


def test_children_of_one_process_do_not_pause_alike() -> None:
    """Two of them that lose to the same others come back at different moments."""
    done = subprocess.run(
        [sys.executable, "-c", FORKED_TWICE], cwd=ROOT, capture_output=True, text=True, check=True
    )
    one, other = map(json.loads, done.stdout.splitlines())
    assert one.keys() == other.keys() == {"update", "lock", "retry"}
    for kind, pause in one.items():
        assert not math.isclose(pause, other[kind], rel_tol=1e-9), kind
