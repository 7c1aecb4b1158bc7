"""Schemas and workflows by the path of their import, as users write it."""

from __future__ import annotations

import importlib
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from graflow.channels.codec.codec import pack_json
from graflow.channels.keys.keys import Keys
from graflow.channels.keys.keys_listing import KeysListing
from graflow.channels.schema import Schema, schema_of
from graflow.command.failures import BadArgument
from graflow.exceptions import SchemaError

__all__ = ["imported", "said_by", "schema_at", "typed_value"]


def imported(path: str) -> Any:
    """Import what `package.module:name` stands for; modules may be in the current directory.

    What they print goes to standard error: the output is that of the command.

    Raises:
        BadArgument: It can't be imported.
    """
    module_name, colon, name = path.partition(":")
    if not (colon and module_name and name):
        raise BadArgument(f"{path!r} is not of the form package.module:name")
    if "/" in module_name or module_name.endswith(".py"):
        raise BadArgument(
            f"{path!r} names a file; name its module as `import` does, package.module:name"
        )
    if (here := str(Path.cwd())) not in sys.path:
        sys.path.insert(0, here)  # as `python -m` does, unless `-P` is given
    try:
        with redirect_stdout(sys.stderr):
            found: Any = importlib.import_module(module_name)
            for part in name.split("."):
                found = getattr(found, part)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise BadArgument(f"{path} can't be imported: {said_by(error)}") from error
    return found


def said_by(error: BaseException) -> str:
    """Return the type and the message of an error in one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}".removesuffix(": ")


def schema_at(path: str, key: str) -> Schema[Any]:
    """Return the schema that a key's value is checked against.

    Args:
        path: That of a type, or of a class of `Keys` that declares the key.
        key: The key.

    Raises:
        BadArgument: It can't be imported, or it is no schema, or has no such key.
    """
    form = imported(path)
    try:
        if isinstance(form, type) and issubclass(form, Keys):
            form = _form_of(form, key)
        return schema_of(form)
    except SchemaError as error:
        raise BadArgument(f"{path} can't be a schema: {error}") from error


def _form_of(keys: type[Keys], key: str) -> Any:
    listing = KeysListing(keys, strict=True)
    if not listing.has(key):
        raise BadArgument(f"{keys.__name__} declares no key {key!r}")
    return listing.key(key).form


def typed_value(text: str, schema: Schema[Any]) -> Any:
    """Return the value of a schema's type that JSON stands for.

    Raises:
        ChannelValidationError: It does not fit.
    """
    return schema.load(pack_json(text.strip().encode(errors="surrogateescape")))
