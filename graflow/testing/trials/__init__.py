"""Trials of a backend: steps compared with a model, and scripts that reproduce a failure."""
