"""Edge cases of backends themselves: records, checks, leases, and what is kept."""
