"""The types that the plugin gives to mypy."""
