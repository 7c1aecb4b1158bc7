"""Endpoints: where a server is, and with which settings it is reached."""
