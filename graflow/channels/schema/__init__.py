"""Schemas: types made into what checks, writes and reads the values of a typed channel."""
