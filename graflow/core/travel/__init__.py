"""Tasks in other processes: what travels, who runs it there, and how it comes back."""
