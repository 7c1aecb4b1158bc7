"""State of a run: what its tasks share, and their results in its channel."""
