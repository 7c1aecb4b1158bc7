"""Output for people on terminals, and for programs behind pipes."""
