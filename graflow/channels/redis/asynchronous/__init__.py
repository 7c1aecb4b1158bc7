"""Connections on event loops, on each of which many coroutines send at once."""
