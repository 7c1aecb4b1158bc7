"""The program as a whole: names, classes, channels and uses, over all files."""
