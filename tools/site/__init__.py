"""The documentation site: its pages, put in place for mkdocs, and the check of what was built."""
