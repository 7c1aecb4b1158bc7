"""Registry of runs: what a channel knows of them, and who may write for them."""
