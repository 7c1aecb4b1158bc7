"""Takes the screenshots of the page anew: `make screenshots`."""

from __future__ import annotations

import importlib
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Final

from graflow import SQLiteChannel
from graflow.ui import ServedPage, serve
from tools.browser.chromium import Chromium, Page

FOLDER: Final = Path(__file__).parents[2] / "docs/pictures"
NOBODY: Final = "127.0.0.1:9"  # for a proxy: nothing is asked of others

RUN: Final = "document.querySelectorAll('.picture [data-name]').length > 8"
LINK: Final = "[...document.querySelectorAll('tr .link')].find((each) => each.textContent == '{}')"


def main() -> None:
    """Take them all."""
    folder = Path(tempfile.gettempdir()) / "shop"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    file = folder / "state.db"
    shop = _module(folder)
    with SQLiteChannel("orders", file) as channel, channel.beside("customers") as other:
        shop.fill(channel)
        other.set("count", 6)
        nightly = shop.Shop(channel)
        with serve(f"sqlite:///{file}", keys=shop.Shared) as served, Chromium(NOBODY) as browser:
            nightly.start()
            try:
                _under_way(browser, served)
            finally:
                nightly.finish()
            _failed(browser, served)
            _keys(browser, served)
    shutil.rmtree(folder)


def _module(folder: Path) -> ModuleType:
    """Import the shop from a folder that a traceback may show."""
    shutil.copy(Path(__file__).with_name("shop.py"), folder)
    sys.path.insert(0, str(folder))
    return importlib.import_module("shop")


def _under_way(browser: Chromium, served: ServedPage) -> None:
    with _opened(browser, served, "channel/orders/runs", 1280, 860) as page:
        _open_run(page)
        page.wait_for("document.querySelectorAll('tr .state[data-state=retrying]').length == 1")
        _shoot(page, "ui-run")


def _failed(browser: Chromium, served: ServedPage) -> None:
    with _opened(browser, served, "channel/orders/runs", 1280, 860, dark=True) as page:
        _open_run(page)
        _open(page, "revenue")
        page.wait_for("document.querySelector('.drawer').innerText.includes('Traceback')")
        _shoot(page, "ui-task")


def _keys(browser: Chromium, served: ServedPage) -> None:
    with _opened(browser, served, "channel/orders/keys", 1280, 700) as page:
        _open(page, "order:0003")
        page.wait_for("!!document.querySelector('.misfits')")
        _shoot(page, "ui-keys")


@contextmanager
def _opened(
    browser: Chromium,
    served: ServedPage,
    place: str,
    width: int,
    height: int,
    *,
    dark: bool = False,
) -> Iterator[Page]:
    page = browser.page(width, height, dark=dark)
    page.ask("Page.navigate", url=f"{served.url}#/{place}")
    page.wait_for("document.querySelectorAll('tbody tr[aria-rowindex]').length > 0")
    yield page
    page.close()


def _open_run(page: Page) -> None:
    page.run("document.querySelector('tbody a').click()")
    page.wait_for(RUN)


def _open(page: Page, name: str) -> None:
    link = LINK.format(name)
    page.wait_for(f"!!{link}")
    page.run(f"{link}.click()")


def _shoot(page: Page, name: str) -> None:
    page.run("document.activeElement.blur()")
    time.sleep(0.5)  # for the browser to draw what it knows
    page.screenshot(FOLDER / f"{name}.png")


if __name__ == "__main__":
    main()
