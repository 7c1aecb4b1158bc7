"""The graph of a workflow: how tasks are put in order, and which can start."""
