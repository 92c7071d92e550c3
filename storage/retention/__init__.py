"""Thin old fetches and view readings, so that answers stay as they were."""
