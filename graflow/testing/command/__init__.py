"""The command `python -m graflow.testing`, and what it can be pointed at."""
