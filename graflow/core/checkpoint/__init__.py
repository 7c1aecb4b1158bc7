"""Checkpoints: files that a run saves to, and that another run goes on from."""
