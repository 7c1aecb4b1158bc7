"""Embedded servers: private ones, started for the programs that use them."""
