"""Trials of a backend: steps beside a model, and scripts that show a failure."""
