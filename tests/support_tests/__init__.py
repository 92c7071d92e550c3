"""That the bundled site serves what it is told, and misbehaves on the wire as it says."""
