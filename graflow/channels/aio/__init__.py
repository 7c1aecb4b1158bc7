"""Channels on an event loop: the operations of `graflow.channels`, to be awaited."""
