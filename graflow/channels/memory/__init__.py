"""The memory behind the channels of one process."""
