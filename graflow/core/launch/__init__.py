"""Launch of a run: its options, channel, checkpoint and executor, from start to end."""
