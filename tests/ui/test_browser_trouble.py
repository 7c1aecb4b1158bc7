"""The page in a browser when something is gone: its server, the store, or the reader."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from graflow import (
    MemoryChannel,
    RedisChannel,
)
from graflow.ui import ServedPage
from tests.servers import run_server
from tests.ui.looking import place, text, wait_for_text

if TYPE_CHECKING:
    from tools.browser.chromium import Page

pytestmark = pytest.mark.thorough

EVIL = "<img src=x onerror=\"window.hit='%s'\"><script>window.hit='%s'</script>"
WIDTHS = [1280, 390]


def test_a_page_whose_server_goes_and_comes_back(
    open_page: Callable[..., ServedPage], visit: Callable[..., Page]
) -> None:
    """It says so, keeps what it shows, and goes on by itself."""
    channel = MemoryChannel("orders")
    channel.set("a", 1)
    token = "a-token-that-stays-the-same"
    served = open_page(channel, token=token)
    page = visit(served, place("orders", "keys"))
    wait_for_text(page, "tbody", "a")
    served.close()
    wait_for_text(page, ".status", "Not connected")
    assert "does not answer" in text(page, ".banner")
    assert "a" in text(page, "tbody")
    channel.set("b", 1)
    port = int(served.url.split(":")[2].split("/")[0])
    again = open_page(channel, token=token, port=port)
    wait_for_text(page, ".status", "Live")
    wait_for_text(page, "tbody", "b")
    assert page.run("document.querySelector('.banner').hidden")
    again.close()
    open_page(channel, token="another-token-than-before", port=port)
    wait_for_text(page, ".banner", "with the address that graflow printed")
    _forget_network_errors(page)


def test_a_store_that_goes_and_comes_back(
    open_page: Callable[..., ServedPage], visit: Callable[..., Page]
) -> None:
    """The page says what is wrong, and shows what it had, until it can go on."""
    with run_server("valkey-9") as server, RedisChannel("orders", url=server.url) as channel:
        channel.set("a", 1)
        page = visit(open_page(server.url), place("orders", "keys"))
        wait_for_text(page, "tbody", "a")
        server.stop()
        wait_for_text(page, ".banner", "can't be reached")
        assert "a" in text(page, "tbody")
        server.start()
        channel.set("b", 1)
        wait_for_text(page, ".status", "Live")
        wait_for_text(page, "tbody", "b")
        _forget_network_errors(page)


def test_a_reader_who_is_away_costs_nothing(
    open_page: Callable[..., ServedPage], visit: Callable[..., Page]
) -> None:
    """A page that nobody sees asks for nothing, and catches up when it is seen."""
    channel = MemoryChannel("orders")
    channel.set("a", 1)
    page = visit(open_page(channel), place("orders", "keys"))
    wait_for_text(page, "tbody", "a")
    page.run(
        "globalThis.away = true;"
        "Object.defineProperty(document, 'hidden', { get: () => globalThis.away });"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )
    wait_for_text(page, ".status", "Paused")
    asked = "performance.getEntriesByType('resource').length"
    time.sleep(3)  # what is under way comes to its end, and a page that is seen would ask again
    before = page.run(asked)
    time.sleep(5)
    assert page.run(asked) == before
    channel.set("b", 1)
    page.run("globalThis.away = false; document.dispatchEvent(new Event('visibilitychange'))")
    wait_for_text(page, "tbody", "b")
    wait_for_text(page, ".status", "Live")


def _forget_network_errors(page: Page) -> None:
    """Take what a browser says of requests that failed, as they were to, for no complaint."""
    events = page._browser.events
    events[:] = [
        event
        for event in events
        if event.get("params", {}).get("entry", {}).get("source") != "network"
    ]
