"""Waiting for what others do with a channel: looks, lines, and changes as they are told."""
