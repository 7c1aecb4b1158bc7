"""Concurrency: threads and processes that work on one channel at once, and after forks."""
