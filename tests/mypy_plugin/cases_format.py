"""Cases: small programs with what mypy is expected to say beside the lines.

A case is a file. It begins with a comment that says what it shows; a comment `# options: ...` may
follow, a line of the plugin's section. `# === app/name.py` begins a module; a case without
such a line is the module `app/main.py`. Mypy checks `app`; the plugin scans other folders too.
What is expected stands at the end of a line, as `# E: message [code]` or `# N: note`.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

__all__ = ["CASES", "annotated", "plain", "write_case"]

CASES = sorted((Path(__file__).parent / "cases").glob("*.py"))
"""All cases."""

Said = dict[tuple[str, int], list[str]]

_EXPECTED = re.compile(r"  # [EN]: .*$", re.MULTILINE)
_REPORT = re.compile(r"(?P<path>[^:]+):(?P<line>\d+): (?P<kind>error|note): (?P<text>.*)")


def plain(case: str) -> str:
    """Return a case without what is expected."""
    return _EXPECTED.sub("", case)


def write_case(case: str, folder: Path) -> str:
    """Write the modules of a case into a folder, and return the plugin's options."""
    shutil.rmtree(folder / "app", ignore_errors=True)
    (folder / "app").mkdir(parents=True)
    (folder / "app/__init__.py").touch()
    for path, text in _modules(plain(case)):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    options = re.search(r"^# options: (.*)$", case, re.MULTILINE)
    return options.group(1) if options else ""


def annotated(case: str, output: Iterable[str]) -> str:
    """Return a case with what mypy has said as what is expected."""
    said: Said = {}
    others = []
    for line in output:
        report = _REPORT.fullmatch(line)
        if report:
            mark = f"  # {report['kind'][0].upper()}: {_as_now(report['text'])}"
            said.setdefault((report["path"], int(report["line"])), []).append(mark)
        elif not line.startswith(("exit ", "Found ", "Success: ")):
            others.append(f"# mypy: {line}\n")
    return _marked(plain(case), lambda path, line: "".join(said.get((path, line), ()))) + "".join(
        others
    )


def _as_now(text: str) -> str:
    """Return a message as the newest mypy words it, on the oldest Python."""
    text = re.sub(r"\(Python 3\.\d+ says", "(Python 3.11 says", text)
    if text.startswith("Revealed type"):
        text = re.sub(r"TypedDict\('([^']*)'", r"TypedDict(\1", text.replace("builtins.", ""))
    return text


def _modules(case: str) -> list[tuple[str, str]]:
    parts = re.split(r"^# === (.*)\n", case, flags=re.MULTILINE)
    if len(parts) == 1:
        return [("app/main.py", case)]
    return list(zip(parts[1::2], parts[2::2], strict=True))


def _marked(case: str, mark: Callable[[str, int], str]) -> str:
    lines, path, number = [], "" if "\n# === " in case else "app/main.py", 0
    for line in case.splitlines():
        number += 1
        lines.append(line + mark(path, number))
        if line.startswith("# === "):
            path, number = line.removeprefix("# === "), 0
    return "\n".join(lines) + "\n"
