"""Programs that show graflow at work."""
