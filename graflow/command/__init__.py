"""The command `graflow`: a look into channels and runs from a shell, and changes of keys."""
