"""Query stored articles: lists, counts, as-of answers, views, reports."""
