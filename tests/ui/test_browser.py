"""The page in a browser: what a reader sees, presses and is safe from."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

import pytest

from graflow import (
    MemoryChannel,
    SQLiteChannel,
    TaskFailedError,
    Workflow,
    parallel,
    runs,
    task,
    workflow,
)
from graflow.ui import ServedPage
from tests.programs import attended
from tests.ui.looking import click, focused, place, press, text, wait_for_text
from tests.ui.test_runs import PROGRAM, failing

if TYPE_CHECKING:
    from tools.browser.chromium import Page

pytestmark = pytest.mark.thorough

EVIL = "<img src=x onerror=\"window.hit='%s'\"><script>window.hit='%s'</script>"
WIDTHS = [1280, 390]


class Listed(TypedDict, total=False):
    """The keys <img src=x onerror="window.hit='doc'">."""

    total: int


def run_once(wf: Workflow) -> None:
    """Run a workflow, whether it fails or not."""
    with suppress(TaskFailedError):
        wf.execute()


def test_a_run_in_another_process_is_seen_live(
    tmp_path: Path, open_page: Callable[..., ServedPage], visit: Callable[..., Page]
) -> None:
    """It appears, its tasks begin and end, it fails; the traceback is a click away."""
    file = tmp_path / "state.db"
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    with SQLiteChannel("orders", file) as channel:
        channel.set("begun", 1)
        page = visit(open_page(f"sqlite:///{file}"))
        assert "token" not in page.run("location.href")
        assert page.run("document.cookie") == ""
        click(page, ".channels a", "orders")
        wait_for_text(page, "main", "No run has been on this channel")
        command = [sys.executable, str(program), str(file)]
        with attended(subprocess.Popen(command, stderr=subprocess.DEVNULL)) as process:
            wait_for_text(page, "tbody tr .state", "running")
            click(page, "tbody a")
            wait_for_text(page, ".title", "apart")
            page.wait_for("document.querySelectorAll('.picture [data-name]').length == 2")
            wait_for_text(page, "tr[aria-rowindex='2'] .state", "running")
            wait_for_text(page, "tr[aria-rowindex='3'] .state", "waiting")
            channel.set("go", 1)
            wait_for_text(page, ".title .state", "failed")
            assert process.wait() == 1
        wait_for_text(page, "tr[aria-rowindex='2'] .state", "finished")
        wait_for_text(page, "tr[aria-rowindex='3'] .state", "failed")
        wait_for_text(page, ".facts", "1 of 2")
        wait_for_text(page, "pre.error", "ValueError: no")
        click(page, "tr .link", "second")
        wait_for_text(page, ".drawer", "Traceback (most recent call last)")
        assert "program.py" in text(page, ".drawer")
        assert text(page, "#drawer-title") == "second"
        press(page, "Escape")
        page.wait_for("document.querySelector('.drawer').hidden")
        page.run(
            "document.querySelector('.picture [data-name=first]')"
            ".dispatchEvent(new MouseEvent('click', { bubbles: true }))"
        )
        wait_for_text(page, "#drawer-title", "first")


def test_an_only_channel_is_opened_at_once(
    open_page: Callable[..., ServedPage], visit: Callable[..., Page]
) -> None:
    """Its runs tell which task failed, and of what; of several channels the reader chooses."""
    channel = MemoryChannel("orders")
    run_once(failing(channel))
    page = visit(open_page(channel))
    wait_for_text(page, "h1", "orders")
    page.wait_for("!!document.querySelector('tbody .c-text')")
    assert text(page, "tbody .c-text").startswith("'")
    assert "Error: " in text(page, "tbody .c-text")
    page = visit(open_page([channel, MemoryChannel("others")]))
    wait_for_text(page, ".channels", "others")
    assert text(page, "main") == "Choose a channel to see its runs and its keys."


def test_text_of_others_is_never_anything_else(
    open_page: Callable[..., ServedPage], visit: Callable[..., Page]
) -> None:
    """Names, keys, values, ids, errors and docstrings full of HTML do nothing."""
    name, key, ident = (EVIL % (each, each) for each in ("channel", "key", "task"))
    channel = MemoryChannel(name)
    channel.set(key, {EVIL % ("in", "in"): EVIL % ("value", "value"), "u": "javascript:hit=1"})
    channel.set("total", EVIL % ("wrong", "wrong"))

    @task(task_id=ident)
    def bad() -> None:
        """<img src=x onerror="window.hit='task doc'">."""
        raise ValueError(EVIL % ("error", "error"))

    with workflow(EVIL % ("flow", "flow"), channel=channel) as wf:
        bad()
    run_once(wf)
    served = open_page(channel, keys=Listed)
    page = visit(served)
    click(page, ".channels a")
    click(page, "tbody a")
    click(page, "tr .link")
    wait_for_text(page, ".drawer", "Traceback")
    page.wait_for("!!document.querySelector('.picture [data-name]')")
    assert text(page, "h1") == name
    assert ident in text(page, ".tasks")
    press(page, "Escape")
    click(page, ".tabs a", "Keys")
    click(page, "summary", "Listed")
    for each in ("total", "<img"):
        click(page, "tr .link", each)
        wait_for_text(page, "#drawer-title", each)
        wait_for_text(page, ".drawer", "Value")
        press(page, "Escape")
    assert page.run("typeof window.hit") == "undefined"
    assert page.run("document.querySelectorAll('[src=x], main script, [onerror]').length") == 0


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_the_page_fits_the_window(
    width: int, dark: bool, open_page: Callable[..., ServedPage], visit: Callable[..., Page]
) -> None:
    """Nothing has to be scrolled sideways, whatever is long; the ground is light or dark."""
    channel = MemoryChannel("a-channel-with-quite-a-long-name-" * 4)
    run_once(failing(channel))
    channel.set("key-" * 60, {"a": "x" * 5_000})
    (run,) = runs(channel)
    served = open_page(channel, keys=Listed)
    for parts in (["runs"], ["keys"], ["run", run.run_id], []):
        page = visit(served, place(channel.name, *parts) if parts else "", width, dark=dark)
        page.wait_for("!!document.querySelector('.channels a')")
        if parts:
            page.wait_for("document.querySelectorAll('tbody tr[aria-rowindex]').length > 0")
        if len(parts) > 0 and parts[0] != "runs":
            click(page, "tr .link")
            page.wait_for("!document.querySelector('.drawer').hidden")
        assert page.run("document.documentElement.scrollWidth") <= width
        ground = page.run("getComputedStyle(document.body).backgroundColor")
        shades = [int(part) for part in str(ground)[4:-1].split(",")]
        assert (max(shades) < 64) == dark
        assert (min(shades) > 192) != dark


def test_the_keyboard_is_enough(
    open_page: Callable[..., ServedPage], visit: Callable[..., Page]
) -> None:
    """Tasks are reached and opened, the drawer is closed, and the focus is where it was."""
    channel = MemoryChannel("orders")
    run_once(failing(channel))
    (run,) = runs(channel)
    page = visit(open_page(channel), place("orders", "run", run.run_id))
    page.wait_for("document.querySelectorAll('tr .link').length == 3")
    press(page, "Tab")
    assert focused(page) == "Skip to the content"
    press(page, "Enter")
    for _ in range(40):
        press(page, "Tab")
        if focused(page) == "load_rows":
            break
    outline = page.run("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    press(page, "ArrowDown")
    assert focused(page) == "check_rows"
    press(page, "Enter")
    wait_for_text(page, "#drawer-title", "check_rows")
    assert focused(page) == "check_rows"
    assert page.run("document.activeElement.id") == "drawer-title"
    press(page, "Escape")
    assert page.run("document.activeElement.closest('tr') !== null")
    assert focused(page) == "check_rows"


def test_tasks_are_found_by_state_and_by_text(
    open_page: Callable[..., ServedPage], visit: Callable[..., Page]
) -> None:
    """Both at once; the chips say how many there are in each state."""
    channel = MemoryChannel("orders")
    run_once(failing(channel))
    (run,) = runs(channel)
    page = visit(open_page(channel), place("orders", "run", run.run_id))
    shown = "[...document.querySelectorAll('tr .link')].map((each) => each.textContent).join()"
    page.wait_for(f"{shown} == 'load_rows,check_rows,report_rows'")
    click(page, ".chip", "failed")
    page.wait_for(f"{shown} == 'check_rows'")
    click(page, ".chip", "finished")
    page.wait_for(f"{shown} == 'load_rows,check_rows'")
    page.run("document.querySelector('.tasks input').focus()")
    page.type("<b>")  # which is in an error
    page.wait_for(f"{shown} == 'check_rows'")
    assert "1 of 3 tasks" in text(page, ".tasks .tools")
    assert page.run("document.querySelectorAll('.chip[aria-pressed=true]').length") == 2


def test_a_run_of_10_000_tasks_does_not_freeze_the_page(
    open_page: Callable[..., ServedPage], visit: Callable[..., Page]
) -> None:
    """It has hardly more elements than a small one; each answer is small; the end is reached."""
    channel = MemoryChannel("orders")
    begun, go = threading.Event(), threading.Event()

    @task
    def part(number: int) -> None:
        if number == 5_000:
            begun.set()
            go.wait()

    with workflow("large", channel=channel) as wf:
        parallel(*(part(task_id=f"part_{number:04}", number=number) for number in range(10_000)))
    with workflow("small", channel=channel) as small:
        parallel(*(part(task_id=f"part_{number}", number=number) for number in range(30)))
    small.execute()
    (first,) = runs(channel)
    served = open_page(channel)
    sizes: dict[str, int] = {}
    thread = threading.Thread(target=wf.execute)
    thread.start()
    try:
        begun.wait()
        run = next(each for each in runs(channel) if each.workflow == "large")
        page = visit(served)
        for each in (first, run):
            page = visit(served, place("orders", "run", each.run_id))
            page.wait_for("document.querySelectorAll('.picture [data-name]').length > 0")
            wait_for_text(page, ".tasks .tools", "tasks")
            sizes[each.workflow] = page.run("document.querySelectorAll('*').length")
        wait_for_text(page, ".tasks .tools", "10,000 tasks")
        wait_for_text(page, ".title .state", "running")
        page.run("document.querySelector('.tasks .scroll').scrollTop = 1e9")
        wait_for_text(page, "tbody", "part_9999")
        page.run("document.querySelector('.tasks input').focus()")
        page.type("part_5000")
        wait_for_text(page, "tbody tr[aria-rowindex='2'] .state", "running")
    finally:
        go.set()
        thread.join()
    wait_for_text(page, ".title .state", "finished")
    wait_for_text(page, "tbody tr[aria-rowindex='2'] .state", "finished")
    assert sizes["large"] <= sizes["small"] + 100
    entries = "performance.getEntriesByType('resource')"
    largest = page.run(f"Math.max(...{entries}.map((each) => each.encodedBodySize))")
    assert 10_000 < largest < 150_000


def test_many_keys_are_turned_over(
    open_page: Callable[..., ServedPage], visit: Callable[..., Page]
) -> None:
    """A page of them at a time; a prefix finds others at once."""
    channel = MemoryChannel("orders")
    channel.set_many({f"key:{number:05}": number for number in range(20_000)})
    page = visit(open_page(channel), place("orders", "keys"))
    wait_for_text(page, ".pages", "1\u2013100 of many")
    assert page.run("document.querySelectorAll('*').length") < 500
    click(page, ".pages button", "Next")
    wait_for_text(page, ".pages", "101\u2013200 of many")
    page.run("document.querySelector('.tools input').focus()")
    page.type("key:1999")
    wait_for_text(page, ".pages", "1\u201310 of 10")
    click(page, "tr .link", "key:19990")
    wait_for_text(page, ".drawer", "19990")


def test_values_are_told_with_what_does_not_fit(
    open_page: Callable[..., ServedPage], visit: Callable[..., Page]
) -> None:
    """In the table and, field by field, in full; a long one is cut, with a note."""
    channel = MemoryChannel("orders")
    channel.set("total", "many")
    channel.set("long", "x" * 10_000_000)
    page = visit(open_page(channel, keys=Listed), place("orders", "keys"))
    wait_for_text(page, ".scroll tbody", "does not fit")
    wait_for_text(page, ".scroll tbody", "open it to read it")
    click(page, "tr .link", "total")
    wait_for_text(page, ".misfits", "the value itself")
    assert "'many'" in text(page, ".misfits")
    click(page, "tr .link", "long")
    wait_for_text(page, ".drawer", "Shortened: the first 50 kB of 10 MB are shown")
    assert len(text(page, ".drawer")) < 60_000
    channel.set("total", 7)  # what is shown follows
    click(page, "tr .link", "total")
    wait_for_text(page, ".drawer .fits", "fits")
