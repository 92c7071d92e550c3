"""Store a fetched article: detect changes, merge, insert."""
