"""Tasks in other processes: sending them there, running them, and getting replies back."""
