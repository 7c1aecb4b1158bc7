"""Which tests this Python can read."""

from __future__ import annotations

import sys

collect_ignore = [] if sys.version_info >= (3, 14) else ["test_lazy_annotations.py"]
