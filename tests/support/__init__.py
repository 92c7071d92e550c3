"""Support shared by tests of every package."""
