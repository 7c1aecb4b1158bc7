"""Builds the site, or serves it while pages are written.

python -m tools.site build    into site/, which is then checked
python -m tools.site serve    on http://127.0.0.1:8000, anew whenever a page has changed
"""

from __future__ import annotations

import os
import subprocess
import sys
import time

from tools.site.built import faults
from tools.site.links import DeadLinkError
from tools.site.markdown import IndentError
from tools.site.staging import ROOT, stage

_ENVIRONMENT = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
_SECONDS_BETWEEN_LOOKS = 1.0


def build() -> int:
    """Build the site and check it; return 0 if there is nothing to complain of."""
    try:
        stage()
    except (DeadLinkError, IndentError) as error:
        print(error, file=sys.stderr)
        return 1
    code = _mkdocs("build", "--strict", "--quiet").wait()
    if code:
        return code
    site = ROOT / "site"
    found = faults(site)
    for fault in found:
        print(fault, file=sys.stderr)
    size = sum(path.stat().st_size for path in site.rglob("*") if path.is_file())
    pages = len(list(site.rglob("*.html")))
    print(f"site/index.html: {pages} pages, {size / 1e6:.0f} MB, {len(found)} faults")
    return min(len(found), 1)


def serve() -> int:
    """Serve the site until it is interrupted."""
    stage()
    server = _mkdocs("serve", "--livereload")
    try:
        while server.poll() is None:
            time.sleep(_SECONDS_BETWEEN_LOOKS)
            try:
                stage()
            except (DeadLinkError, IndentError) as error:
                print(error, file=sys.stderr)
    except KeyboardInterrupt:
        server.wait()
    return 0


def _mkdocs(*arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "mkdocs", *arguments], cwd=ROOT, env=_ENVIRONMENT
    )


if __name__ == "__main__":
    commands = {"build": build, "serve": serve}
    sys.exit(commands[sys.argv[1] if len(sys.argv) == 2 else "build"]())
