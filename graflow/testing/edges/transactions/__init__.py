"""Edge cases of operations on several keys at one moment, or of several steps."""
