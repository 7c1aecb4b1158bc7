"""The system below: clocks, locks on files, forks, and libraries that may be missing."""
