"""Edge cases of who holds a lock or a lease, and of the fences of runs."""
