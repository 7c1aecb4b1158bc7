"""Pictures as SVG."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from graflow.pictures import Box, Look, svg
from graflow.pictures.lettering import printable, shortened, width
from tests.pictures.graphs import drawn_at_random, named

SPACE = "{http://www.w3.org/2000/svg}"
ODD = [
    '"quoted" & <script>alert(1)</script>',
    "two\nlines\ttab",
    "null \x00 bell \x07 delete \x7f next \x85",
    "]]> --> <!-- <![CDATA[",
    "no character \ufffe \uffff",
    "שלום_1",
    "\u202egnirts",
    "日本語の仕事",
    "👩‍👩‍👧 family 👍🏽",
    "  spaces   everywhere  ",
    "x" * 500,
    "é" + "\u0301" * 300,
]


def texts(picture: str) -> list[str]:
    """Return the lines of text in a picture."""
    return [element.text or "" for element in ElementTree.fromstring(picture).iter(f"{SPACE}text")]


def test_a_picture_says_what_it_shows() -> None:
    """To those who can't see it, too: in a title, and in words if it is small."""
    picture = svg("how <it> goes", named(a="", b="a"))
    root = ElementTree.fromstring(picture)
    assert root.get("role") == "img"
    assert root[0].tag == f"{SPACE}title"
    assert root[0].text == "how <it> goes"
    assert root[1].text == "a\nb; after a"
    assert texts(picture) == ["a", "b"]


@pytest.mark.parametrize("text", ODD)
def test_any_text_can_be_shown(text: str) -> None:
    """The picture stays XML, and the text stays text."""
    boxes = [Box(text, (), (text,), "failed", text), Box("after", (text,))]
    picture = svg(text, boxes)
    ElementTree.fromstring(picture)
    assert "<script" not in picture
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e\ufffe\uffff]", picture)
    assert len(texts(picture)) == 3


def test_a_picture_is_safe_beside_another_one() -> None:
    """It has no ids, no styles and no scripts, which would be those of the whole page."""
    picture = svg("safe", drawn_at_random(3, 30))
    assert not re.search(r"\sid=|<style|<script|href|url\(|on\w+=", picture)


def test_a_long_name_is_cut_and_shown_whole_in_a_tooltip() -> None:
    """With its beginning and its end."""
    name = "fetch_" + "x" * 500 + "_17"
    picture = svg("long", [Box(name, hint="Fetch it.")])
    (shown,) = texts(picture)
    assert shown.startswith("fetch_x")
    assert shown.endswith("x_17")
    assert width(shown) <= 20
    tooltip = ElementTree.fromstring(picture).find(f".//{SPACE}g/{SPACE}title")
    assert tooltip is not None
    assert tooltip.text == f"{name}\nFetch it."


def test_each_look_can_be_told_without_colours() -> None:
    """By how the edge is drawn; finished and plain boxes are told by what stands in them."""
    looks: tuple[Look, ...] = ("waiting", "running", "retrying", "finished", "failed")
    strokes = {
        re.findall(r'stroke-(?:width|dasharray)="[^"]*"', svg(look, [Box("a", look=look)]))[-1]
        for look in looks
    }
    assert len(strokes) >= 4


def test_no_boxes_are_no_picture() -> None:
    """But one that says so."""
    assert texts(svg("nothing", [])) == ["no tasks"]


def test_wide_letters_are_given_more_room() -> None:
    """The estimate is rather too wide, as nobody knows the font; marks on letters take none."""
    assert width("ab", 10) == pytest.approx(12.4)
    assert width("日本") > 2
    assert width("👩") > 1
    assert width("e\u0301") == width("e")
    assert width("Ж") > width("a")


def test_text_is_cut_between_letters() -> None:
    """No mark is left without its letter, no emoji is cut in half, and what fits stays whole."""
    assert shortened("short", 20) == "short"
    assert shortened("e\u0301" * 50, 8)[0] == "e"
    after = shortened("a" * 40 + "e\u0301" * 40, 8).partition("…")[2]
    assert not after.startswith("\u0301")
    assert not shortened("👩‍👩‍👧" * 30, 10).partition("…")[0].endswith("\u200d")
    assert width(shortened("日本語" * 50, 10)) <= 10


def test_what_can_not_be_printed_is_shown_as_a_sign() -> None:
    """A line break too, unless there may be several lines."""
    assert printable("a\x00b\nc\x7f") == "a␀b␊c␡"
    assert printable("a\nb", lines=True) == "a\nb"
    assert printable("\ud800\u202e\ufffe\x85") == "\ufffd" * 4
