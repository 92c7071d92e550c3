"""Render records as tables, JSON, CSV, TSV, Markdown, feeds and prose."""
