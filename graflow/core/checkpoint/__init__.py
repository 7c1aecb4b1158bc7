"""Checkpoints: files that one run saves to and another resumes from."""
