"""Graphs of workflows: which tasks there are, in which order, and which can start."""
