"""Pages on their way from the repository into the site."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.paths import ROOT
from tools.pictures.pictures import FOLDER, PICTURES
from tools.site import built, examples_page
from tools.site.links import DeadLinkError, rewritten
from tools.site.live_blocks import LiveBlock, live_blocks, marked
from tools.site.markdown import IndentError, with_lists, with_pipes
from tools.site.staging import page_paths, rewritten_page

PLACES = {
    "README.md": "tour.md",
    "docs/keys.md": "keys.md",
    "docs/how-to/test.md": "how-to/test.md",
}

PAGES = sorted(path for path in [*page_paths(), "README.md"] if path.endswith(".md"))

LIVE = """# A page

<!-- live -->
```python
print(1)
```

```text
1
```

```python
print(2)
```

```text
2
```
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository with the pages of `PLACES`, and a program."""
    for path in [*PLACES, "graflow/base.py"]:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    return tmp_path


@pytest.mark.parametrize(
    ("page", "link", "found"),
    [
        ("README.md", "[keys](docs/keys.md#a)", "[keys](keys.md#a)"),
        ("docs/how-to/test.md", "[keys](../keys.md)", "[keys](../keys.md)"),
        ("docs/how-to/test.md", "[tour](../../README.md)", "[tour](../tour.md)"),
        ("docs/keys.md", "[here](#a)", "[here](#a)"),
        ("docs/keys.md", "[it](https://example.org/a)", "[it](https://example.org/a)"),
        ("docs/keys.md", "[it]: how-to/test.md", "[it]: how-to/test.md"),
        ("docs/keys.md", "`[a](gone.md)`", "`[a](gone.md)`"),
        ("docs/keys.md", "```text\n[a](gone.md)\n```", "```text\n[a](gone.md)\n```"),
    ],
)
def test_links_follow_their_pages(root: Path, page: str, link: str, found: str) -> None:
    """A link leads to the same page in the site; code is left alone."""
    assert rewritten(link, page, PLACES, root) == found


@pytest.mark.parametrize(
    "link",
    [
        "(gone.md)",
        "(/keys.md)",
        "(../graflow/base.py)",
        "(http://example.org)",
        "(https://nowhere)",
    ],
)
def test_links_that_lead_nowhere_are_refused(root: Path, link: str) -> None:
    """A file that is not there, source code, and what can't be an address."""
    with pytest.raises(DeadLinkError):
        rewritten(f"[a]{link}", "docs/keys.md", PLACES, root)


def test_a_marked_block_is_live() -> None:
    """Only that one, and what it prints stands below it."""
    assert live_blocks(LIVE) == [LiveBlock("print(1)\n", "1\n")]
    assert marked(LIVE).count("{.python .live}") == 1
    assert "<!--" not in marked(LIVE)


def test_all_blocks_of_a_live_page_are_live_but_for_those_that_say_no() -> None:
    """The output below a block that is not live belongs to no other."""
    page = LIVE.replace("<!-- live -->", "<!-- not live -->")
    page = page.replace("# A page\n", "# A page\n\n<!-- live page -->\n")
    assert live_blocks(page) == [LiveBlock("print(2)\n", "2\n")]
    assert marked(page).count("{.python .live}") == 1
    assert "<!--" not in marked(page)


def test_lists_are_seen_as_lists() -> None:
    """One without an empty line before it gets one; one inside another needs four spaces."""
    assert with_lists("So:\n- a\n- b\n", "page") == "So:\n\n- a\n- b\n"
    assert with_lists("- a\n  more\n- b\n", "page") == "- a\n  more\n- b\n"
    with pytest.raises(IndentError, match=r"page: .* - b"):
        with_lists("- a\n  - b\n", "page")


def test_a_pipe_in_the_code_of_a_table_is_one() -> None:
    """Elsewhere, a backslash before it stays."""
    row = r"| `a \| b` | c \| d |"
    assert with_pipes(f"`e \\| f`\n{row}\n") == "`e \\| f`\n| `a | b` | c \\| d |\n"


def test_the_index_has_every_example() -> None:
    """Each program has a section, with its source."""
    index = examples_page.index(ROOT / "examples")
    programs = [path for path in (ROOT / "examples").glob("*.py") if path.stem != "__init__"]
    assert index.count("\n## ") + index.startswith("## ") == len(programs)
    for path in programs:
        assert f"examples/{path.name}" in index
        assert path.read_text().splitlines()[-1] in index


def test_pictures_are_as_they_are_drawn() -> None:
    """`make pictures` would change none, and what else is there are screenshots of the page."""
    drawn = {name: picture() for name, picture in PICTURES.items()}
    assert {path.name: path.read_text("utf-8") for path in FOLDER.glob("*.svg")} == drawn
    inside = {path.suffix for path in (ROOT / "docs").rglob("*") if path.is_file()}
    assert inside == {".md", ".svg", ".png"}
    shots = (ROOT / "docs").rglob("*.png")
    assert all(path.parent == FOLDER and path.name.startswith("ui-") for path in shots)


@pytest.mark.parametrize("page", PAGES)
def test_pages_link_to_what_the_site_has(page: str) -> None:
    """`make docs` would refuse the page; the README, which is no part of the site, is as strict."""
    places = page_paths()
    places.setdefault(page, "index.md")
    assert rewritten_page(page, (ROOT / page).read_text("utf-8"), places)


def test_every_page_is_in_the_navigation() -> None:
    """In one place, and the navigation names no other."""
    navigation = (ROOT / "mkdocs.yml").read_text().partition("\nnav:\n")[2]
    named = [line.split()[-1] for line in navigation.splitlines() if line.endswith(".md")]
    assert sorted(named) == sorted(place for place in page_paths().values() if place[-3:] == ".md")


def test_faults_of_a_site_are_found(tmp_path: Path) -> None:
    """Dead links, missing anchors, and whatever is loaded from elsewhere."""
    (tmp_path / "style.css").write_text("@import 'https://example.org/a.css';")
    (tmp_path / "other.html").write_text('<p id="there">')
    (tmp_path / "index.html").write_text(
        '<link rel="stylesheet" href="style.css"><script src="//example.org/a.js"></script>'
        '<img src="gone.svg"><a href="other.html#there">1</a><a href="other.html#gone">2</a>'
        '<a href="gone.html">3</a><a href="https://example.org">4</a>'
    )
    assert built.faults(tmp_path) == [
        "index.html: links to gone.html, which is not there",
        "index.html: links to other.html#gone, and that page has no such anchor",
        "index.html: loads //example.org/a.js",
        "index.html: loads gone.svg, which is not there",
        "style.css: loads https://example.org/a.css",
    ]
