"""Contents of a channel: what changes in them, for checkpoints."""
