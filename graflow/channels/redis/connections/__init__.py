"""Connections of threads to servers: who has one, and how a command is exchanged for a reply."""
