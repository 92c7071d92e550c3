"""Test the queue of crawls and the workers on it."""
