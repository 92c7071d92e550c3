"""Verify that a database keeps what its tables promise."""
