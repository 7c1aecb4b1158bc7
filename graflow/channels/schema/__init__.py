"""Schemas: types turned into the checks, writers and readers of a typed channel's values."""
