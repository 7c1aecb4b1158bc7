"""Passwords that nobody sees: not in settings, errors, or the local variables of a traceback."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Self

from pydantic import SecretStr

__all__ = ["Password", "Unseen", "concealed", "passwords_in", "scrub"]

_SECRETS = frozenset({"password", "ssl_password", "url"})
_SHOWN = "***"

# A server that does not know a command repeats its arguments: of HELLO these are credentials.
_ARGUMENTS = re.compile(r"(with args beginning with: ?).*", re.DOTALL)


class Password(str):
    """Text, or a URL with a password in it, that shows itself as `***`.

    It equals the plain text, and redis-py sends it as it sends that.
    """

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        """Take the text as it is: `str` would take what a password shows."""
        return super().__new__(cls, "".join(text))

    def __repr__(self) -> str:
        """Show nothing of it."""
        return _SHOWN

    def __str__(self) -> str:
        """Show nothing of it."""
        return _SHOWN

    def __format__(self, spec: str) -> str:
        """Show nothing of it."""
        return _SHOWN


class Unseen(dict[str, Any]):
    """Options that show their names alone, for a function through whose hands they pass."""

    def __repr__(self) -> str:
        """Show the names."""
        return f"{{{', '.join(f'{name!r}: {_SHOWN}' for name in self)}}}"


def concealed(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings with a `Password` for each password, and for the URL."""
    return {
        name: _concealed(value) if name in _SECRETS else value for name, value in settings.items()
    }


def _concealed(value: object) -> object:
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    return Password(value) if isinstance(value, str) else value


def passwords_in(settings: Mapping[str, Any]) -> tuple[Password, ...]:
    """Return the passwords of settings, in the order of the settings."""
    return tuple(value for value in settings.values() if isinstance(value, Password))


def scrub(error: BaseException | None, passwords: Iterable[Password] = ()) -> None:
    """Take from an exception of others, and those behind it, what may hold a password.

    That is what a server repeats of its commands, any of the `passwords`, and the tracebacks: the
    local variables of redis-py hold what was sent.
    """
    known = sorted({"".join(one) for one in passwords if one}, key=len, reverse=True)
    for each in _behind(error):
        each.__traceback__ = None
        each.args = tuple(_clean(one, known) for one in each.args)


def _behind(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        one = waiting.pop()
        if one is not None and id(one) not in seen:
            seen.add(id(one))
            yield one
            waiting += (one.__cause__, one.__context__)


def _clean(text: object, passwords: Iterable[str]) -> object:
    if not isinstance(text, str):
        return text
    text = _ARGUMENTS.sub(rf"\1{_SHOWN}", text)
    for password in passwords:
        text = text.replace(password, _SHOWN)
    return text
