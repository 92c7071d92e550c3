"""Export articles, all fields, to Parquet, CSV, JSON Lines, Excel and SQLite files."""
