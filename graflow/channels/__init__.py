"""Channels: key-value stores that the tasks of a workflow share."""
