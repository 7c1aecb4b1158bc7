"""Reports: diagnostics handed to mypy, with what it adds to its own."""

from __future__ import annotations

from mypy.nodes import Context
from mypy.plugin import CheckerPluginInterface

from graflow_mypy.messages import CODES, printable

__all__ = ["report_error", "report_note"]


def report_error(api: CheckerPluginInterface, context: Context, code: str, message: str) -> None:
    """Report an error, and where it is explained if `--show-error-code-links` asks for that.

    Mypy makes links for its own codes alone; this one is made as those are: once for each code.
    """
    api.fail(printable(message), context, code=CODES[code])
    if getattr(api.options, "show_error_code_links", False):
        api.msg.errors.report(
            context.line,
            context.column,
            f"See docs/mypy.md#{code} of graflow for more info",
            CODES[code],
            severity="note",
            only_once=True,
        )


def report_note(api: CheckerPluginInterface, context: Context, code: str, message: str) -> None:
    """Report a note, with which mypy's exit status stays 0."""
    api.msg.note(printable(message), context, code=CODES[code])
