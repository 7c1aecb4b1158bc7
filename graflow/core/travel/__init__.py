"""Tasks in other processes: how they get there, who runs them, and how results come back."""
