"""Schemas: types turned into the checks, writers and readers of a typed channel's values.

This is the door: the rest of graflow imports from here and not from the modules inside.
"""

from graflow.channels.schema.differences import differences
from graflow.channels.schema.schema import Schema, name_of, schema_of
from graflow.channels.schema.types.annotations import (
    ALIASES,
    is_self_contained,
    without_alias,
)
from graflow.channels.schema.types.fields import fields_of, hints_of, resolved
from graflow.channels.schema.types.namespaces import Namespace, namespace_of, variables_around
from graflow.channels.schema.types.readable import finish, is_unfinished

__all__ = [
    "ALIASES",
    "Namespace",
    "Schema",
    "differences",
    "fields_of",
    "finish",
    "hints_of",
    "is_self_contained",
    "is_unfinished",
    "name_of",
    "namespace_of",
    "resolved",
    "schema_of",
    "variables_around",
    "without_alias",
]
