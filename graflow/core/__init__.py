"""Tasks, the workflows that they form, and their runs."""
