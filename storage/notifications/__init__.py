"""Keep saved searches and the outbox of notifications."""
