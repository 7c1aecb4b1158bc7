"""Runs of workflows in users' tests: without waiting, on a clock that is moved, with crashes."""
