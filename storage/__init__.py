"""Store articles, crawls, schedules and notifications in SQLite or PostgreSQL, and query them."""
