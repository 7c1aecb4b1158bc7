"""The contents of a channel: what has changed in them, for checkpoints."""
