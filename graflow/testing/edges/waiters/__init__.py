"""Edge cases of waiting: for values, for items, and for changes."""
