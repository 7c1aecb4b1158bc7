"""Runs of a workflow: threads, coroutines, retries, failures, and who watches."""
