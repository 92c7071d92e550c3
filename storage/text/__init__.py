"""Analyse, diff, sanitize and format text."""
