"""Read article pages: bytes to an article, by the selectors of a source and by generic rules."""
