"""Poll every source on time."""
