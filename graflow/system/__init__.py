"""System services: clocks, file locks, forks, logs, and optional libraries."""
