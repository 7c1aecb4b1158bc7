"""Tasks: functions with an id, and what their signatures say."""
