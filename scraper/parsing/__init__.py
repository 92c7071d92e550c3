"""Parse response bodies into links and articles, without I/O."""
