"""Parse bytes into links and articles; pure."""
