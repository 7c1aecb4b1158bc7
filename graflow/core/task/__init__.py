"""Tasks: functions with an id, and the meaning of their signatures."""
