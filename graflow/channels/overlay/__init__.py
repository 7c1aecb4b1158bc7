"""Overlays: what transactions have read, and are going to change."""
