"""The index of the program, kept from one run of mypy to the next."""
