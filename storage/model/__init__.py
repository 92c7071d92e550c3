"""Define the values, errors and URLs that every package shares; no I/O, no library."""
