"""Examinations of a server or a file: what matters to channels there, found without a change."""
