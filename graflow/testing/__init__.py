"""What proves that a backend keeps the contract of channels."""
