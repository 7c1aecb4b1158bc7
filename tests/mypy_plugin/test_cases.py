"""What the plugin says about small programs; `pytest --regenerate` writes down what it says now."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from graflow_mypy.messages import CODES
from tests.commands import run
from tests.mypy_plugin.cases_format import CASES, annotated, write_case
from tests.mypy_plugin.runs import Runner
from tests.paths import ROOT
from tests.patience import LONG
from tests.seeds import CASES_STEP


@pytest.mark.parametrize("case", CASES[::CASES_STEP], ids=lambda path: path.stem)
def test_case(case: Path, primed: Path, tmp_path: Path, pytestconfig: pytest.Config) -> None:
    """Mypy says what stands beside the lines, and nothing else."""
    text = case.read_text("utf-8")
    options = write_case(text, tmp_path)
    found = annotated(text, Runner(tmp_path, options, primed).cold())
    if pytestconfig.getoption("regenerate"):
        case.write_text(found, "utf-8")
    assert found == text


def test_there_are_cases_of_every_code() -> None:
    """Each code is expected somewhere, and there are many cases."""
    everything = "".join(case.read_text("utf-8") for case in CASES)
    assert len(CASES) >= 80
    for code in CODES:
        assert f"[{code}]" in everything


@pytest.mark.timeout(LONG)
@pytest.mark.parametrize(
    "chosen",
    [
        pytest.param(CASES[::10], id="some"),
        pytest.param(CASES[::3], id="more", marks=pytest.mark.long),
    ],
)
def test_an_installed_wheel_says_the_same(chosen: list[Path], tmp_path: Path) -> None:
    """A consumer that has graflow from the wheel gets the same from `mypy --strict`.

    It is the same plugin on the same cases, so a few show that the wheel has all of it.
    """
    run(sys.executable, "-m", "build", "--no-isolation", "-w", "--outdir", tmp_path, cwd=ROOT)
    environment = tmp_path / "env"
    venv.create(environment, symlinks=True)
    python = environment / "bin/python"
    packages = next(environment.glob("lib/*/site-packages"))
    # Whatever else is needed comes from here; graflow is not there, but in an editable install.
    (packages / "others.pth").write_text(sysconfig.get_path("purelib") + "\n")
    wheel = next(tmp_path.glob("*.whl"))
    pip = (sys.executable, "-m", "pip", "--python", python)
    run(*pip, "install", "--quiet", "--no-deps", wheel, cwd=tmp_path)
    origin = run(python, "-c", "import graflow_mypy; print(graflow_mypy.__file__)", cwd=tmp_path)
    assert Path(origin.strip()).is_relative_to(packages)
    (tmp_path / "tests/mypy_plugin").mkdir(parents=True)
    for name in (
        "mypy_plugin/cases_format",
        "mypy_plugin/runs",
        "mypy_plugin/consumer",
        "patience",
        "programs",
    ):
        source = ROOT / "tests" / f"{name}.py"
        shutil.copyfile(source, tmp_path / source.relative_to(ROOT))
    cases = {case.stem: case.read_text("utf-8") for case in chosen}
    settings = {name: text for name, text in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        [python, "-m", "tests.mypy_plugin.consumer"],
        cwd=tmp_path,
        env=settings,
        input=json.dumps(cases),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == cases
