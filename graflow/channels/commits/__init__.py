"""Commits: what a channel checks and changes at one moment."""
