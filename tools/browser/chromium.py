"""Chromium without a screen, told what to do over a pipe, by its DevTools protocol."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import signal
import tempfile
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tools.browser.fetch import FOLDER

__all__ = ["Chromium", "Page"]

_ABOVE = 20  # of the ends of pipes, which Chromium expects at 3 and 4
_OPTIONS = (
    *("--headless=shell", "--no-sandbox", "--remote-debugging-pipe", "--disable-gpu"),
    *("--hide-scrollbars", "--disable-background-networking", "--disable-component-update"),
    *("--no-first-run", "--disable-sync", "--disable-dev-shm-usage"),
)


class Chromium:
    """A browser of its own, with an empty profile; it ends with the `with` block.

    Args:
        proxy: The address, `host:port`, to which it turns for whatever is not on 127.0.0.1.
    """

    def __init__(self, proxy: str) -> None:
        self._profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        commands, self._to = os.pipe()
        self._from, answers = os.pipe()
        ends = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, _ABOVE) for end in (commands, answers)]
        program = str(FOLDER / "chromium")
        options = [f"--user-data-dir={self._profile.name}", f"--proxy-server={proxy}"]
        self._process = os.posix_spawn(
            program,
            [program, *_OPTIONS, *options, "--proxy-bypass-list=127.0.0.1", "about:blank"],
            {
                "FONTCONFIG_FILE": str(FOLDER / "fonts.conf"),
                "HOME": self._profile.name,
                "LD_LIBRARY_PATH": f"{FOLDER}/lib:{FOLDER}",
                "PATH": os.environ.get("PATH", ""),
            },
            file_actions=[
                (os.POSIX_SPAWN_DUP2, ends[0], 3),
                (os.POSIX_SPAWN_DUP2, ends[1], 4),
                (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
            ],
        )
        for end in (commands, answers, *ends):
            os.close(end)
        self._number = 0
        self._unread = b""
        self._messages: deque[dict[str, Any]] = deque()
        self.events: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        os.kill(self._process, signal.SIGKILL)
        os.waitpid(self._process, 0)
        os.close(self._to)
        os.close(self._from)
        self._profile.cleanup()

    def page(self, width: int, height: int, *, dark: bool = False) -> Page:
        """Open an empty page of a size in pixels; below a width of 600, that of a telephone."""
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = Page(self, session)
        for domain in ("Page", "Runtime", "Log"):
            page.ask(f"{domain}.enable")
        size = {"width": width, "height": height, "deviceScaleFactor": 1}
        page.ask("Emulation.setDeviceMetricsOverride", **size, mobile=width < 600)
        page.ask("Emulation.setFocusEmulationEnabled", enabled=True)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        page.ask("Emulation.setEmulatedMedia", features=[scheme])
        return page

    def ask(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        """Send a command and return its result; events that come before it are kept.

        Raises:
            RuntimeError: The browser refused.
            TimeoutError: It did not answer for two minutes.
        """
        self._number += 1
        command = {"id": self._number, "method": method, "params": parameters}
        if session:
            command["sessionId"] = session
        left = json.dumps(command).encode() + b"\0"
        while left:
            left = left[os.write(self._to, left) :]
        while True:
            message = self._next(time.monotonic() + 120)
            if message.get("id") != self._number:
                self.events.append(message)
            elif "error" in message:
                raise RuntimeError(f"{method}: {message['error']}")
            else:
                result: dict[str, Any] = message["result"]
                return result

    def _next(self, deadline: float) -> dict[str, Any]:
        while not self._messages:
            if not select.select([self._from], [], [], max(deadline - time.monotonic(), 0))[0]:
                raise TimeoutError("Chromium does not answer")
            read = os.read(self._from, 1 << 20)
            if not read:
                raise RuntimeError("Chromium has ended")
            *whole, self._unread = (self._unread + read).split(b"\0")
            self._messages.extend(map(json.loads, whole))
        return self._messages.popleft()


class Page:
    """A page that is open in a browser."""

    def __init__(self, browser: Chromium, session: str) -> None:
        self._browser = browser
        self._session = session

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command to the page, as `Chromium.ask` does to the browser."""
        return self._browser.ask(method, self._session, **parameters)

    def open(self, url: str) -> None:
        """Go to an address, and wait until all of it is there."""
        self.ask("Page.navigate", url=url)
        self.wait_for(f"location.href == {json.dumps(url)} && document.readyState == 'complete'")

    def run(self, code: str) -> Any:
        """Run JavaScript in the page, and return the value of its last expression.

        Raises:
            RuntimeError: It threw.
        """
        answer = self.ask(
            "Runtime.evaluate", expression=code, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"])
        return answer["result"].get("value")

    def wait_for(self, code: str, seconds: float = 120) -> None:
        """Wait until JavaScript is true in the page.

        Raises:
            TimeoutError: It is not, for that long.
        """
        self._until(lambda: bool(self.run(code)), code, seconds)

    def type(self, text: str) -> None:
        """Press a key for each letter, wherever the focus is."""
        for letter in text:
            self.ask("Input.dispatchKeyEvent", type="keyDown", text=letter, key=letter)
            self.ask("Input.dispatchKeyEvent", type="keyUp", key=letter)

    def screenshot(self, path: Path) -> None:
        """Write what is seen of the page into a file, as PNG."""
        shot = self.ask("Page.captureScreenshot")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(shot["data"]))

    def complaints(self) -> list[str]:
        """Return the errors and warnings in the console so far, and uncaught exceptions."""
        found: list[str] = []
        for event in self._browser.events:
            if event.get("sessionId") != self._session:
                continue
            match event:
                case {"method": "Runtime.exceptionThrown", "params": {"exceptionDetails": details}}:
                    found.append(str(details))
                case {"method": "Log.entryAdded", "params": {"entry": entry}}:
                    found += [str(entry)] if entry["level"] in ("error", "warning") else []
                case {"method": "Runtime.consoleAPICalled", "params": {"type": kind} as call}:
                    found += [str(call["args"])] if kind in ("error", "warning", "assert") else []
        return found

    def close(self) -> None:
        """Close the page."""
        self.ask("Page.close")

    def _until(self, condition: Callable[[], bool], shown: str, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError(f"not true for {seconds} s: {shown}")
            time.sleep(0.05)
