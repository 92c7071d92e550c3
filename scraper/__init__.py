"""Fetch the pages of a news source and read them."""
