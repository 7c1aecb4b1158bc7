"""The command `graflow ui`: it prints the page's address, and serves it until it is interrupted."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from graflow import SQLiteChannel
from graflow.ui.server.answer import json_answer
from tests.paths import ROOT
from tests.programs import attended

KEYS = """
from graflow import Key, Keys

class Shared(Keys):
    total = Key(int)
"""


@pytest.fixture
def url(tmp_path: Path) -> str:
    """The URL of a file with a channel in it."""
    with SQLiteChannel("orders", tmp_path / "state.db") as channel:
        channel.set("total", "many")
    return f"sqlite:///{tmp_path}/state.db"


def command(*arguments: str) -> list[str]:
    """Return the command with its arguments."""
    return [sys.executable, "-m", "graflow", "ui", *arguments]


def test_it_serves_a_page_until_it_is_interrupted(url: str, tmp_path: Path) -> None:
    """The address is all that it prints, at once, also into a pipe; the end is no error."""
    (tmp_path / "declared.py").write_text(KEYS)
    started = subprocess.Popen(
        command(url, "--as", "declared:Shared"),
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with attended(started) as process:
        assert process.stdout
        address = process.stdout.readline().strip()
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/\?token=[\w-]{32}", address)
        code = (
            "import sys, urllib.request as r;"
            "o = r.build_opener(r.HTTPCookieProcessor());"
            "o.open(sys.argv[1]).read();"
            "print(o.open(sys.argv[1].partition('?')[0] + 'api/keys?channel=orders').read())"
        )
        told = subprocess.run(
            [sys.executable, "-c", code, address], capture_output=True, text=True, check=True
        )
        assert "should be a valid integer" in told.stdout
        process.send_signal(signal.SIGINT)
        rest, said = process.communicate()
    assert (process.returncode, rest, said) == (0, "", "")


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["{url}.no"], 1, "there is no file"),
        (["http://127.0.0.1"], 2, "graflow: "),
        (["memory://"], 2, "memory"),
        (["{url}", "--as", "json:loads"], 2, "--as names no class of keys"),
        (["{url}", "--as", "no.such:Keys"], 2, "can't be imported"),
        (["{url}", "--host", "192.0.2.1"], 2, "can't be at 192.0.2.1"),
        (["{url}", "--port", "99999"], 2, "Usage: graflow ui"),
    ],
)
def test_what_can_not_be_shown_is_said(
    arguments: list[str], status: int, said: str, url: str, tmp_path: Path
) -> None:
    """In a sentence, with the exit status that it has elsewhere."""
    filled = [each.format(url=url) for each in arguments]
    done = subprocess.run(
        command(*filled),
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == status
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_text_that_is_no_utf8_can_be_told() -> None:
    """A lone surrogate, as an id may have, becomes an escape that browsers read."""
    assert json_answer({"id": "a\ud800"}).body == b'{"id":"a\\ud800"}'
