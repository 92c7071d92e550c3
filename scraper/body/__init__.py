"""Find the body of an article page without selectors: bytes were parsed, nothing is rendered here."""
