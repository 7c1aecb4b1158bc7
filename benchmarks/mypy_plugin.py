"""Print what the mypy plugin costs: mypy with it, over mypy without it.

The program is generated: 400 modules with 40 uses of keys each. The two are measured in turn, each
in a process and with a cache of its own, and the median of the ratios counts. A run that is not
counted comes first: an installed plugin has its bytecode, which an environment such as a container
may keep Python from writing.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

MODULES = 400
USES = 40
ROUNDS = 3
ROUNDS_OF_GRAFLOW = 11  # of a few per cent, less than the runs differ by
ROOT = Path(__file__).parent.parent


def main() -> None:
    """Measure a cold run, a warm one, and one of the library itself."""
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder)
        write_program(program)
        cold, warm = compare(program, ["app"], ROUNDS)
        print(f"mypy on {MODULES} modules, cold, over mypy alone: {cold:.2f} (at most 1.25)")
        print(f"mypy on {MODULES} modules, warm, over mypy alone: {warm:.2f} (at most 1.50)")
    cold, _ = compare(ROOT, ["graflow"], ROUNDS_OF_GRAFLOW)
    print(f"mypy on graflow itself, cold, over mypy alone: {cold:.2f} (at most 1.05)")


def write_program(folder: Path) -> None:
    """Write modules of which each uses keys that others write."""
    package = folder / "app"
    package.mkdir()
    (package / "__init__.py").touch()
    for number in range(MODULES):
        (package / f"part{number}.py").write_text(module(number))


def module(number: int) -> str:
    """Return the source of a module: a schema, and tasks that write and read."""
    before = (number - 1) % MODULES
    lines = [
        "from typing import TypedDict",
        "from graflow import task",
        "from graflow.core.context import TaskExecutionContext",
        *([f"from app.part{before} import Item{before}"] if number else []),
        f"class Item{number}(TypedDict):",
        "    name: str",
        "    price: float",
    ]
    theirs = before if number else number
    for task in range(4):
        lines += [
            "@task(inject_context=True)",
            f"def task{number}_{task}(ctx: TaskExecutionContext) -> int:",
            f"    mine = ctx.get_typed_channel(Item{number})",
            f"    theirs = ctx.get_typed_channel(Item{theirs})",
            "    total = 0.0",
        ]
        for use in range(USES // 8):
            key = f"{task}:{use}"
            lines += [
                f"    mine.set('item{number}:{key}', {{'name': 'tea', 'price': {use}.5}})",
                f"    total += theirs.get('item{theirs}:{key}')['price']",
            ]
        lines += [f"    return round(total) + len('{task}')"]
    return "\n".join(lines) + "\n"


def compare(program: Path, files: list[str], rounds: int) -> tuple[float, float]:
    """Return the medians of the ratios of cold and of warm runs."""
    cold, warm = [], []
    with tempfile.TemporaryDirectory() as folder:
        run(program, files, Path(folder), plugin=True)
        for _ in range(rounds):
            took = [run(program, files, Path(folder), plugin) for plugin in (False, True)]
            cold.append(took[1][0] / took[0][0])
            warm.append(took[1][1] / took[0][1])
    return median(cold), median(warm)


def run(program: Path, files: list[str], folder: Path, plugin: bool) -> tuple[float, float]:
    """Return the processor's seconds for a cold run of mypy, and the least of some warm ones."""
    config = folder / "mypy.ini"
    plugins = "plugins = graflow_mypy\n" if plugin else ""
    config.write_text(
        f"[mypy]\nstrict = True\n{plugins}[graflow_mypy]\npaths = {', '.join(files)}\n"
    )
    cache = folder / "cache"
    shutil.rmtree(cache, ignore_errors=True)
    command = [sys.executable, "-m", "mypy", "--config-file", str(config)]
    command += ["--cache-dir", str(cache), *files]
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(folder / "bytecode")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    environment["MYPYPATH"] = str(ROOT / "stubs")  # graflow itself needs the sources of our plugins
    seconds = []
    for _ in range(4):
        started = processor_time()
        done = subprocess.run(
            command, cwd=program, env=environment, capture_output=True, text=True, check=False
        )
        seconds.append(processor_time() - started)
        if done.returncode:
            raise SystemExit(done.stdout + done.stderr)
    return seconds[0], min(seconds[1:])


def processor_time() -> float:
    """Return how long processes that this one has started kept a processor busy."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


if __name__ == "__main__":
    main()
