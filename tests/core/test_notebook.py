"""What a real kernel of Jupyter shows."""

from __future__ import annotations

import re
from typing import Any

import pytest

pytest.importorskip("ipykernel")
v4: Any = pytest.importorskip("nbformat.v4")
NotebookClient: Any = pytest.importorskip("nbclient").NotebookClient

pytestmark = pytest.mark.needs_system

CELLS = {
    "a workflow": """
from graflow import TaskFailedError, parallel, task, workflow

@task
def load() -> int:
    return 1

@task
def check(n: int) -> int:
    return 6 // n

with workflow("in a notebook") as wf:
    load >> parallel(check(n=1), check(n=2))
wf
""",
    "progress on the loop": "print(await wf.aexecute(progress=True))",
    "progress that blocks": "print(wf.execute(progress=True))",
    "progress of a failure": """
with workflow("failing") as failing:
    load >> parallel(check(n=0), check(n=1))
try:
    await failing.aexecute(progress=True)
except TaskFailedError:
    print("failed as it should")
""",
    "a context": "result, ctx = await wf.aexecute(ret_context=True)\nctx",
    "a circle": """
with workflow("circle") as circle:
    load >> check >> load
circle
""",
}


class Client(NotebookClient):  # type: ignore[misc] # it has no types
    """A client that counts how often outputs are replaced."""

    updates = 0

    def process_message(self, msg: Any, cell: Any, cell_index: int) -> Any:
        """Count the message, and do what is to be done."""
        self.updates += msg["msg_type"] == "update_display_data"
        return super().process_message(msg, cell, cell_index)


def shown(outputs: list[Any], kind: str = "text/plain") -> list[str]:
    """Return what outputs show, without the colours of a terminal."""
    texts = [
        output["text"] if output["output_type"] == "stream" else output["data"].get(kind, "")
        for output in outputs
    ]
    return [re.sub(r"\x1b\[[0-9;]*m", "", text).strip() for text in texts]


def test_a_notebook_shows_pictures_and_progress() -> None:
    """A workflow as a picture, a run's line in one output, a context with states."""
    cells = [v4.new_code_cell(source) for source in CELLS.values()]
    client = Client(v4.new_notebook(cells=cells), kernel_name="python3", timeout=300)
    client.execute()
    found = {name: cell["outputs"] for name, cell in zip(CELLS, cells, strict=True)}

    (picture,) = found["a workflow"]
    assert picture["data"]["text/plain"] == "<workflow 'in a notebook': 3 tasks>"
    assert picture["data"]["image/svg+xml"].startswith("<svg")
    assert "<svg" in picture["data"]["text/html"]

    line, printed = shown(found["progress on the loop"])
    assert re.fullmatch(r"in a notebook ━+ 3 done, 0 running, 0 failed 0:00:00", line)
    assert printed == "{'check': 6, 'check_2': 3}"
    assert client.updates >= 3  # at the end of each run, and before that as time goes by

    warning, line, printed = shown(found["progress that blocks"])
    assert "BlockingCallWarning" in warning
    assert "3 done, 0 running, 0 failed" in line
    assert printed == "{'check': 6, 'check_2': 3}"

    line, printed = shown(found["progress of a failure"])
    assert "2 done, 0 running, 1 failed" in line
    assert printed == "failed as it should"

    (context,) = found["a context"]
    assert context["data"]["text/html"].count("finished in") >= 3
    assert context["data"]["text/plain"].endswith("finished; 3 finished>")

    assert [list(output["data"]) for output in found["a circle"]] == [["text/plain"]]
