"""Channels in an SQLite file: the connection, the layout of the file, and its rows."""
