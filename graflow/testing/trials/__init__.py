"""Trials of a backend: steps run beside a model, and scripts that reproduce a failure."""
