"""Crawls for real: the bundled site in a child process, a real SQLite file, nothing mocked."""
