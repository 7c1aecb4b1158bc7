"""Looks at a page in a browser: what it shows, and what is pressed in it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tools.browser.chromium import Page

__all__ = ["click", "focused", "place", "press", "text", "wait_for_text"]


def place(channel: str, *parts: str) -> str:
    """Return the place of a channel in the page."""
    return "/".join(["channel", channel, *parts])


def text(page: Page, selector: str) -> str:
    """Return what an element shows."""
    found = page.run(f"document.querySelector({json.dumps(selector)})?.innerText ?? ''")
    assert isinstance(found, str)
    return found


def wait_for_text(page: Page, selector: str, wanted: str) -> None:
    """Wait until an element shows a text."""
    page.wait_for(
        f"(document.querySelector({json.dumps(selector)})?.innerText ?? '')"
        f".includes({json.dumps(wanted)})"
    )


def click(page: Page, selector: str, wanted: str = "") -> None:
    """Wait for an element with a text in it, and click it."""
    found = (
        f"[...document.querySelectorAll({json.dumps(selector)})]"
        f".find((each) => each.textContent.includes({json.dumps(wanted)}))"
    )
    page.wait_for(f"!!{found}")
    page.run(f"{found}.click()")


def press(page: Page, key: str) -> None:
    """Press a key, wherever the focus is."""
    codes = {"Tab": 9, "Enter": 13, "Escape": 27, "ArrowDown": 40, "ArrowUp": 38}
    sent: dict[str, Any] = {"key": key, "code": key, "windowsVirtualKeyCode": codes[key]}
    if key == "Enter":
        sent["text"] = "\r"
    page.ask("Input.dispatchKeyEvent", type="keyDown", **sent)
    page.ask("Input.dispatchKeyEvent", type="keyUp", key=key, code=key)


def focused(page: Page) -> str:
    """Return what has the focus shows."""
    return str(page.run("document.activeElement.innerText || document.activeElement.tagName"))
