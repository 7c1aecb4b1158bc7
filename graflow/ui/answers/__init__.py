"""Answers of the page: what is at a URL, as small pieces of JSON."""
