"""Findings on a server, step by step: a channel's keys, and the channels themselves."""
