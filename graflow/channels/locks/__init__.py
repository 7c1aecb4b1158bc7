"""Locks among threads, processes and machines, and the leases that they hold."""
