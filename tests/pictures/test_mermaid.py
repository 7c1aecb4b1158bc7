"""Pictures as Mermaid."""

from __future__ import annotations

import pytest

from graflow.pictures import Box, mermaid
from tests.pictures.graphs import chain


def test_boxes_arrows_joints_and_looks() -> None:
    """All that there is in a picture."""
    others = ("a0", "a1", "a2")
    boxes = [
        *(Box(name, look="finished", lines=("in 1.2 s", "atomic")) for name in others),
        *(Box(f"b{n}", others, look="failed") for n in range(2)),
        *(Box(f"c{n}", ("b1",)) for n in range(20)),
        *(Box(f"d{n}", (f"c{n}",)) for n in range(20)),
    ]
    assert mermaid("how it goes", boxes) == (
        """\
flowchart LR
    accTitle: how it goes
    t0["a0<br/>in 1.2 s<br/>atomic"]:::finished
    t1["a1<br/>in 1.2 s<br/>atomic"]:::finished
    t2["a2<br/>in 1.2 s<br/>atomic"]:::finished
    t3["b0"]:::failed
    t4["b1"]:::failed
    t5[["c0 … c19<br/>20 tasks"]]:::plain
    t6[["d0 … d19<br/>20 tasks"]]:::plain
    j0((" ")):::joint
    j0 --> t3
    j0 --> t4
    t4 --> t5
    t5 -->|each| t6
    t0 --- j0
    t1 --- j0
    t2 --- j0
    classDef finished fill:#e4f4e6,stroke:#2e7d32,color:#17302d
    classDef failed fill:#fde4e1,stroke:#c62828,color:#17302d,stroke-width:3px
    classDef plain fill:#e0f2f1,stroke:#00796b,color:#17302d
    classDef joint fill:#76807f,stroke:#76807f,color:#76807f"""
    )


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("end", "end"),
        ("fetch_1.b-c/d", "fetch_1.b-c/d"),
        ('"q" #1;', "#34;q#34; #35;1#59;"),
        ("<b> & `c`", "#60;b#62; #38; #96;c#96;"),
        ("1. one", "1#46; one"),
        ("__init__", "#95;#95;init#95;#95;"),
        ("%%{init}", "#37;#37;#123;init#125;"),
        (" a  b ", "#32;a #32;b#32;"),
        ("a\\nb\nc", "a#92;nb␊c"),
        ("日本 שלום 👍", "日本 שלום 👍"),
    ],
)
def test_names_mean_nothing_to_mermaid(name: str, written: str) -> None:
    """Nor to the Markdown and HTML that it reads in boxes."""
    assert f't0["{written}"]:::plain\n' in mermaid("odd", [Box(name)])


def test_big_pictures_stay_small() -> None:
    """Mermaid refuses text of more than 50,000 characters, and more than 500 arrows."""
    assert len(mermaid("long", chain(10_000))) < 5_000
    assert mermaid("none", []) == "flowchart LR\n    accTitle: none"
