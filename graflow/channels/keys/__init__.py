"""Keys with types, declared in classes."""
