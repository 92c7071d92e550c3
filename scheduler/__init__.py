"""Look at every source on time."""
