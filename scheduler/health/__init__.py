"""Detect silence, drift and failures of sources; report their status."""
