"""Tasks, the workflows that they make, and their runs."""
