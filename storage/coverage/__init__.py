"""Coverage: what could not be seen of a source in a period, and what may be claimed from what was."""
