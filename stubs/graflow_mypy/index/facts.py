"""Facts about each module, in the forms in which they are kept and asked for."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TypeAlias

from graflow_mypy.index.encoding import encoded
from graflow_mypy.program.types.forms import Form
from graflow_mypy.source.notes import CallSite

__all__ = ["Facts", "Message", "ModuleFacts", "ResultType", "Span", "UnreadFile"]

Span: TypeAlias = tuple[int, int, int | str]
"""The first line, the last line and the last column of a call, or what the scan has for it."""


@dataclass(frozen=True, slots=True)
class Message:
    """An error or a note to report at a call."""

    site: CallSite
    code: str
    text: str
    is_note: bool


@dataclass(frozen=True, slots=True)
class ResultType:
    """The origin of the type of a `get_result`.

    Attributes:
        site: The place of the call.
        module: The module of the function that returns it.
        name: The dotted name of the function there.
        form: What it returns, where the function can't be looked up.
    """

    site: CallSite
    module: str
    name: str
    form: Form | None


@dataclass(frozen=True, slots=True)
class UnreadFile:
    """An error to report in a file that can't be read."""

    line: int
    message: str


@dataclass(slots=True)
class ModuleFacts:
    """The findings about a module, in the form in which they are kept.

    Attributes:
        messages: What is wrong.
        results: The types of results.
        needs: The modules that these come from.
        unread: Why nothing is known of the module, if it is so.
    """

    messages: list[Message] = field(default_factory=list)
    results: list[ResultType] = field(default_factory=list)
    needs: list[str] = field(default_factory=list)
    unread: UnreadFile | None = None


class Facts:
    """The findings about the module being checked, in the form that hooks need.

    Attributes:
        messages: For the place of a call, what to report.
        results: For the place of a `get_result`, where its type comes from.
        needs: The modules that the types of results come from.
        unread: What to report where nothing is known of the module.
        digest: Differs where anything of this differs.
    """

    def __init__(self, kept: ModuleFacts, *, is_native: bool) -> None:
        """Take what `facts_of` has found for a module.

        Args:
            kept: The findings.
            is_native: Whether mypy parses with its native parser, whose columns differ.
        """

        def span(site: CallSite) -> Span:
            return site.line, site.end_line, site.native_column if is_native else site.column

        self.messages: dict[Span, list[Message]] = {}
        for message in kept.messages:
            self.messages.setdefault(span(message.site), []).append(message)
        self.results = {span(result.site): result for result in kept.results}
        self.needs = kept.needs
        self.unread = kept.unread
        text = encoded(kept)
        self.digest = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()[:16]
