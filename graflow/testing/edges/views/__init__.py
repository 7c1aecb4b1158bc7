"""Edge cases of schemas in front of a channel."""
