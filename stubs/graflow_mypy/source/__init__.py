"""Source files: which belong to the program, and what each of them says."""
