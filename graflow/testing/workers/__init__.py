"""Workers: threads and processes that use a channel at the same time."""
