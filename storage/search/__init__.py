"""Parse queries, keep the full-text index and match articles against queries."""
