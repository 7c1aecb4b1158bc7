"""`Answer`: what is sent for a request, and how data becomes one."""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import blake2b
from http import HTTPStatus
from typing import Any

__all__ = ["Answer", "RefusedRequest", "json_answer"]


class RefusedRequest(Exception):
    """A request that can't be answered; its text is shown to the reader."""

    def __init__(self, status: HTTPStatus, text: str) -> None:
        super().__init__(text)
        self.status = status


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent for a request.

    Attributes:
        body: The bytes.
        kind: Their media type.
        status: The status of HTTP.
    """

    body: bytes
    kind: str
    status: HTTPStatus = HTTPStatus.OK

    @property
    def etag(self) -> str:
        """Text that stands for the body, so that what the reader has is not sent again."""
        return f'"{blake2b(self.body, digest_size=12).hexdigest()}"'


def json_answer(data: Any, status: HTTPStatus = HTTPStatus.OK) -> Answer:
    """Return plain data as an answer; a lone surrogate in a text is sent as an escape."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    return Answer(text.encode(), "application/json", status)
