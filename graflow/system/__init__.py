"""The system beneath: clocks, file locks, forks, and optional libraries."""
