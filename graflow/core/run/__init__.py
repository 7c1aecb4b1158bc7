"""The runs of a workflow: threads, coroutines, retries, failures and observers."""
