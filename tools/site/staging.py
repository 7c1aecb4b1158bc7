"""The pages of the site, put in place for mkdocs.

What is in the repository is for readers there as well. A copy for the site differs in its links,
its live blocks, and what is made anew each time: the index of examples, and the library as it runs
in a browser.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from tools.site import examples_page, live_blocks
from tools.site.links import rewritten
from tools.site.markdown import with_lists, with_pipes

__all__ = ["ROOT", "STAGE", "page_paths", "rewritten_page", "stage"]

ROOT = Path(__file__).parents[2]
STAGE = ROOT / "build/docs"
THEME = Path(__file__).parent / "theme"
PYODIDE = ROOT / ".pyodide"

_FROM_THE_ROOT = {
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
}
_OF_PYODIDE = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip")
_WHEELS = ("library/*.whl", "tests/tenacity-*.whl")
_BUTTONS = re.compile(r"^<!-- buttons -->\n(?P<links>(?:.+\n)+)", re.MULTILINE)
_START = "---\nhide: [navigation]\n---\n\n"


def page_paths() -> dict[str, str]:
    """Return where each file of the documentation is in the site, by its path in the repository."""
    inside = (path for path in (ROOT / "docs").rglob("*") if path.is_file())
    found = {str(path.relative_to(ROOT)): str(path.relative_to(ROOT / "docs")) for path in inside}
    return found | {name: place for name, place in _FROM_THE_ROOT.items() if (ROOT / name).exists()}


def stage(folder: Path = STAGE) -> None:
    """Write all that mkdocs needs into a folder, and remove from it what does not belong there.

    A file that has not changed is not touched, so that a server that watches sees what has.

    Raises:
        DeadLinkError: A link of a page leads nowhere.
        IndentError: A list in a page would not be seen as one.
        FileNotFoundError: Pyodide was not fetched.
    """
    written = {folder / place for place in _write(folder)}
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_file() and path not in written:
            path.unlink()
        elif path.is_dir() and not any(path.iterdir()):
            path.rmdir()


def _write(folder: Path) -> Iterator[str]:
    places = page_paths()
    for source, place in places.items():
        content = (ROOT / source).read_bytes()
        if place.endswith(".md"):
            content = rewritten_page(source, content.decode(), places).encode()
        yield _put(folder, place, content)
    for path in sorted(THEME.iterdir()):
        yield _put(folder, f"assets/{path.name}", path.read_bytes())
    for path in [PYODIDE / "node_modules/pyodide" / name for name in _OF_PYODIDE]:
        yield _put(folder, f"live/{path.name}", path.read_bytes())
    lock = json.loads((PYODIDE / "node_modules/pyodide/pyodide-lock.json").read_bytes())
    lock["packages"] = {}  # it names others, which no page asks for
    yield _put(folder, "live/pyodide-lock.json", json.dumps(lock).encode())
    wheels = [path for each in _WHEELS for path in sorted((PYODIDE / "wheels").glob(each))]
    for path in wheels:
        yield _put(folder, f"live/{path.name}", path.read_bytes())
    yield _put(folder, "live/graflow.zip", _library())
    names = "\n".join(["graflow.zip", *(path.name for path in wheels)])
    yield _put(folder, "live/archives.txt", names.encode())


def rewritten_page(source: str, text: str, places: dict[str, str]) -> str:
    """Return a page as mkdocs gets it.

    Args:
        source: Its path in the repository.
        text: The page, in Markdown.
        places: Where each page is in the site, by its path in the repository.

    Raises:
        DeadLinkError: A link leads nowhere.
        IndentError: A list would not be seen as one.
    """
    text = with_pipes(with_lists(live_blocks.marked(text), source))
    programs = [*(ROOT / "examples").glob("*.py"), ROOT / "examples"]
    shown = {str(path.relative_to(ROOT)): "examples.md" for path in programs}
    text = rewritten(text, source, places | shown, ROOT)
    text = _BUTTONS.sub(_with_buttons, text)
    if examples_page.MARK in text:
        text = text.replace(examples_page.MARK, examples_page.index(ROOT / "examples"))
    return _START + text if source == "docs/index.md" else text


def _with_buttons(match: re.Match[str]) -> str:
    """Make buttons of the links in a paragraph, which has dots between them."""
    return re.sub(r"\)( ·)?$|\) · ", "){ .md-button } ", match["links"], flags=re.MULTILINE)


def _put(folder: Path, place: str, content: bytes) -> str:
    path = folder / place
    if not path.is_file() or path.read_bytes() != content:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return place


def _library() -> bytes:
    """Return the library as an archive: the same bytes for the same code."""
    archive = BytesIO()
    with ZipFile(archive, "w", ZIP_DEFLATED) as into:
        for path in sorted((ROOT / "graflow").rglob("*.*")):
            if path.suffix in (".py", ".lua"):
                entry = ZipInfo(str(path.relative_to(ROOT)))  # of 1980, whenever the file was made
                into.writestr(entry, path.read_bytes(), ZIP_DEFLATED)
    return archive.getvalue()
