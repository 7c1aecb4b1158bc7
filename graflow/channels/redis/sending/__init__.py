"""Commands of channels as steps without I/O: what is sent where, and when it is sent again."""
