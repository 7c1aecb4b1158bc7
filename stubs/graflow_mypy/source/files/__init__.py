"""The files of a program: which there are, which matter, and what is in them."""
