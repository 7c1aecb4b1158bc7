"""Edit a program at random, and compare warm runs of mypy with cold ones.

`make fuzz-plugin` runs this file; `EDITS` and `SEED` in the environment say how far and where from.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.mypy_plugin.edits import Program
from tests.mypy_plugin.runs import MODES, Runner

__all__ = ["differences"]

_EVERY = {"database": 1, "files": 5, "json": 7, "json files": 10, "workers": 25}
"""After how many edits a mode has its turn."""


def differences(
    folder: Path, *, seed: int, edits: int, primed: Path | None = None, found: Counter[str]
) -> list[str]:
    """Return where a warm run said something else than a cold one; nothing, if all is well.

    Args:
        folder: An empty folder.
        seed: Decides on the edits.
        edits: How many there are.
        primed: See `Runner`.
        found: Counts the codes that were reported, to show that there was something to compare.
    """
    folder.mkdir(parents=True, exist_ok=True)
    runner = Runner(folder, primed=primed)
    program = Program(folder, seed)
    history: list[str] = []
    problems: list[str] = []
    both_cores = ThreadPoolExecutor(2)
    list(both_cores.map(runner.warm, MODES))
    for number in range(1, edits + 1):
        history.append(program.edit())
        modes = [mode for mode in MODES if number % _EVERY[mode] == 0]
        cold = both_cores.submit(runner.cold)
        warm = both_cores.map(runner.warm, modes)
        expected = cold.result()
        found.update(line.rpartition("[")[2].rstrip("]") for line in expected if "[graflow" in line)
        found.update("revealed" for line in expected if "Revealed type" in line)
        for mode, got in zip(modes, warm, strict=True):
            if got != expected:
                lines = [f"+ {line}" for line in got if line not in expected]
                lines += [f"- {line}" for line in expected if line not in got]
                last = ", ".join(history[-3:])
                problems.append(
                    f"seed {seed}, edit {number} ({last}), {mode}:\n" + "\n".join(lines)
                )
    both_cores.shutdown()
    return problems


def main() -> int:
    """Run many short sequences of edits, and say what came of it."""
    edits, seed = int(os.environ.get("EDITS", "5000")), int(os.environ.get("SEED", "1"))
    found, done, count = Counter[str](), 0, 0
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as temporary:
        base = Path(temporary)
        while done < edits:
            length = min(100, edits - done)
            folder = base / str(seed)
            problems = differences(
                folder, seed=seed, edits=length, primed=base / "primed", found=found
            )
            shutil.rmtree(folder)
            for problem in problems:
                print(problem, flush=True)
            count += len(problems)
            done, seed = done + length, seed + 1
            minutes = (time.monotonic() - started) / 60
            print(f"{done} edits, {count} differences, {minutes:.1f} minutes", flush=True)
    print(dict(sorted(found.items())))
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
