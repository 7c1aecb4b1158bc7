"""Edge cases of texts: keys, names and locks that look alike, or are long."""
