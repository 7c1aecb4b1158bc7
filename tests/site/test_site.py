"""The built site in a browser: its pages, and blocks that run there."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.paths import ROOT
from tests.site.conftest import Served
from tools.browser.chromium import Chromium, Page
from tools.site.live_blocks import LiveBlock, live_blocks
from tools.site.staging import page_paths

pytestmark = pytest.mark.thorough

SHOTS = ROOT / "build/screenshots"
SEEN = (
    *("", "tutorial/", "channels/", "mypy/", "examples/"),
    *("reference/workflows/", "reference/errors/"),
)
"""Pages to look at: each is stored as a picture, at two widths, light and dark."""


def pages() -> Iterator[tuple[str, str]]:
    """Yield each page: its path in the repository, and in the site."""
    for source, place in sorted(page_paths().items()):
        if place.endswith(".md"):
            yield source, place.removesuffix(".md").removesuffix("index").rstrip("/") + "/"


def live_pages() -> dict[str, list[LiveBlock]]:
    """Return the live blocks of each page that has some, by the page's path in the site."""
    found = {place: live_blocks((ROOT / source).read_text("utf-8")) for source, place in pages()}
    return {place.lstrip("/"): blocks for place, blocks in found.items() if blocks}


def press(page: Page, index: int, button: str = "run") -> None:
    """Press a button of a live block."""
    page.run(f"document.querySelectorAll('.live-{button}')[{index}].click()")


def ended(page: Page, index: int) -> str:
    """Wait until a live block has ended, and return how: `done` or `failed`."""
    state = f"document.querySelectorAll('div.live')[{index}].dataset.live"
    page.wait_for(f"['done', 'failed'].includes({state})", 240)
    return str(page.run(state))


def printed(page: Page, index: int) -> str:
    """Return what stands in the output of a live block."""
    return str(page.run(f"document.querySelectorAll('.live-output')[{index}].textContent"))


def edit(page: Page, index: int, code: str) -> None:
    """Write other code into a live block."""
    block = f"document.querySelectorAll('div.live code')[{index}]"
    page.run(f"{block}.textContent = {json.dumps(code)}")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_pages_fit_and_have_nothing_to_complain_of(
    chromium: Chromium, served: Served, width: int, dark: bool
) -> None:
    """None is wider than the window, none has an error in the console; some are stored as seen.

    Every page is opened at both widths, and in both schemes.
    """
    page = chromium.page(width, 900, dark=dark)
    paths = [place.lstrip("/") for _, place in pages()]
    for path in paths if dark == (width == 390) else SEEN:
        page.open(served.url(path))
        root = "document.documentElement"
        assert page.run(f"{root}.scrollWidth <= {root}.clientWidth"), path
        assert page.run("document.querySelector('h1') !== null"), path
        if path in SEEN:
            name = f"{path.replace('/', '-') or 'start-'}{width}-{'dark' if dark else 'light'}"
            page.screenshot(SHOTS / f"{name}.png")
    assert page.complaints() == []


@pytest.mark.parametrize("path", live_pages())
def test_live_blocks_print_what_stands_below_them(
    chromium: Chromium, served: Served, path: str
) -> None:
    """Each is run by its button, one after the other, and prints what it does everywhere."""
    page = chromium.page(1280, 900)
    page.open(served.url(path))
    since = ""
    for index, block in enumerate(live_pages()[path]):
        press(page, index)
        how = ended(page, index)
        since += printed(page, index)
        assert how == "done", since
        if block.printed is not None:
            assert since == block.printed
            since = ""
    page.run("document.querySelector('div.live').scrollIntoView()")
    page.screenshot(SHOTS / f"live-{path.replace('/', '-') or 'start'}.png")
    assert page.complaints() == []


def test_a_live_block_brings_what_it_needs_and_survives_errors_and_loops(
    chromium: Chromium, served: Served
) -> None:
    """The last one alone runs those above it; errors are shown; what never ends can be stopped."""
    path, blocks = next(iter(live_pages().items()))
    last = len(blocks) - 1
    page = chromium.page(1280, 900)
    page.open(served.url(path))
    press(page, last)
    assert ended(page, last) == "done", printed(page, last)
    edit(page, 0, "def fail():\n    1 / 0\n\nprint('so far')\nfail()")
    press(page, 0)
    assert ended(page, 0) == "failed"
    assert printed(page, 0) == (
        "so far\nTraceback (most recent call last):\n"
        '  File "page.py", line 5, in <module>\n    fail()\n    ~~~~^^\n'
        '  File "page.py", line 2, in fail\n    1 / 0\n    ~~^~~\n'
        "ZeroDivisionError: division by zero\n"
    )
    page.screenshot(SHOTS / "live-error.png")
    edit(page, 0, "print('for ever')\nwhile True:\n    pass")
    press(page, 0)
    page.wait_for("document.querySelector('.live-output').textContent == 'for ever\\n'")
    press(page, 0, "stop")
    assert ended(page, 0) == "failed"
    edit(page, 0, "print('again')")
    press(page, 0)
    page.wait_for("document.querySelector('.live-output').textContent == 'again\\n'")
    assert ended(page, 0) == "done"
    assert page.complaints() == []


def test_the_search_finds_a_page(chromium: Chromium, served: Served) -> None:
    """A word typed into the field brings the page that it is on."""
    page = chromium.page(1280, 900)
    page.open(served.url())
    page.run("document.querySelector('[data-md-toggle=search]').click()")
    page.wait_for("document.querySelector('[data-md-toggle=search]').checked")
    page.run("document.querySelector('.md-search__input').focus()")
    page.type("SQLiteChannel")
    page.wait_for("document.querySelectorAll('.md-search-result__link').length > 2")
    page.screenshot(SHOTS / "search.png")
    assert page.complaints() == []
