"""Test the bundled site: it serves what is configured, and misbehaves on the wire as named."""
