"""Fuzz the parsers of feeds, pages, dates and URLs."""
