"""Programs that end without having run a workflow: a hint, and no false alarms."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

START = """\
from graflow import chain, task, workflow


@task
def a() -> int:
    return 1


"""
BLOCK = """\
with workflow("report") as wf:
    chain(a)
"""
HINT = "NeverRunWarning: workflow 'report' was never run: call execute()"


def told(folder: Path, text: str, *arguments: str) -> str:
    """Run a program, and return what it writes to the standard error."""
    program = folder / "program.py"
    program.write_text(START + text, "utf-8")
    command = [sys.executable, *(arguments or ["program.py"])]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, timeout=60
    ).stderr


@pytest.mark.parametrize(
    "text",
    [
        BLOCK,
        'with workflow("report"):\n    chain(a)\n',
        'wf = workflow("report")\nwith wf:\n    chain(a)\n',
        'wf: object = workflow("report")\nwith wf as same:\n    chain(a)\n',
        'import graflow as g\nwith g.workflow("report") as wf:\n    chain(a)\n',
        "def main():\n    " + BLOCK.replace("\n", "\n    ") + "\nmain()\n",
    ],
)
def test_a_program_that_forgot_to_run_its_workflow_is_told(tmp_path: Path, text: str) -> None:
    """With the line of the block, when it ends."""
    line = (START + text).split("\n").index(next(x for x in text.split("\n") if "with " in x)) + 1
    said = told(tmp_path, text)
    assert HINT in said
    assert f"program.py:{line}: " in said


@pytest.mark.parametrize(
    "text",
    [
        BLOCK + "wf.execute()\n",
        BLOCK + "if len(__file__) < 3:\n    wf.execute()\n",
        BLOCK + "print(wf)\n",
        BLOCK + "def show():\n    return wf\n",
        BLOCK + '__all__ = ["wf"]\n',
        BLOCK + "print(globals())\n",
        BLOCK + "raise SystemError\n",
        'with workflow("report"):\n    pass\n',
        BLOCK + 'with workflow("other") as other:\n    chain(a)\nother.execute()\n',
        "def build():\n    " + BLOCK.replace("\n", "\n    ") + "\n    return wf\nbuild()\n",
        (
            "import contextlib\nwith contextlib.suppress(KeyError):\n"
            '    with workflow("report"):\n        chain(a)\n        raise KeyError\n'
        ),
        "class Flows:\n    report = workflow('report')\nwith Flows.report:\n    chain(a)\n",
        "import sys\n" + BLOCK + "print(sys.modules[__name__].wf)\n",
        (
            "flows = {'report': workflow('report')}\nfor wf in flows.values():\n"
            "    with wf:\n        chain(a)\nprint(flows)\n"
        ),
        "def fill(wf):\n    with wf:\n        chain(a)\nx = workflow('report')\nprint(fill(x))\n",
        (
            "import graflow\nfrom pathlib import Path\n"
            "Path('flows.py').write_text('import graflow\\nwf = graflow.workflow(\"report\")')\n"
            "from flows import wf\nwith wf:\n    chain(a)\n"
        ),
        (
            "flows = []\ndef workflow(name, make=workflow):\n    flows.append(make(name))\n"
            "    return flows[-1]\nwith workflow('report'):\n    chain(a)\nprint(flows)\n"
        ),
        (
            "flows = []\nfrom graflow import Workflow as Base\nclass Workflow(Base):\n"
            "    def __enter__(self):\n        flows.append(self)\n"
            "        return super().__enter__()\n"
            "with Workflow('report'):\n    chain(a)\nprint(flows)\n"
        ),
    ],
)
def test_a_program_that_has_some_use_for_it_is_not(tmp_path: Path, text: str) -> None:
    """It runs, shows, returns or exports it, or fails, or has run another."""
    assert "NeverRun" not in told(tmp_path, text)


def test_a_module_that_is_imported_is_not(tmp_path: Path) -> None:
    """Its workflows may be for others; nor a program whose text is not in a file."""
    assert told(tmp_path, BLOCK, "-c", "import program") == ""
    assert told(tmp_path, BLOCK, "-c", START + BLOCK) == ""
