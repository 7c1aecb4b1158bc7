"""The types that make up schemas, and the names in their annotations."""
