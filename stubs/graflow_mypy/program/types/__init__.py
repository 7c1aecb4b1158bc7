"""The types of a program: its classes, and annotations and schemas as comparable forms."""
