"""Decide when to poll a source next; pure."""
