"""Pictures of what comes after what: boxes and arrows, as SVG and as Mermaid.

What is drawn is a list of boxes, each with the names of those before it. Nothing here knows what
they stand for.
"""

from __future__ import annotations

from graflow.pictures.box import Box, Look
from graflow.pictures.mermaid import mermaid
from graflow.pictures.svg import svg

__all__ = ["Box", "Look", "mermaid", "svg"]
