"""Draws all pictures anew: `make pictures`."""

from __future__ import annotations

from tools.pictures.pictures import FOLDER, PICTURES

FOLDER.mkdir(exist_ok=True)
for name, picture in PICTURES.items():
    (FOLDER / name).write_text(picture(), "utf-8")
