"""Programs for those who work on graflow itself."""
