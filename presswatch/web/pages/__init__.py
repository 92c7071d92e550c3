"""The pages: each a function from a request to a template and its values; no library of HTTP."""
