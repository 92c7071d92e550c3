"""The daemon against the real site: real processes, real SQLite files."""
