"""What is on a server, found step by step: a channel's keys, and the channels themselves."""
