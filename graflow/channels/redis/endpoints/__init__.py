"""Endpoints: the addresses of servers, and the settings for connecting to them."""
