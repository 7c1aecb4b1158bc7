"""The graph of a workflow: the order of its tasks, and which of them can start next."""
