"""Commands that say what could not be seen, and what may be claimed from what was."""
