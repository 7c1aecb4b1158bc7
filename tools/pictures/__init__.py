"""The pictures of the documentation, drawn by code."""
