"""History of a run: what happened to its tasks, and when."""
