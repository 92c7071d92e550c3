"""Write articles whole to Parquet, CSV, JSON Lines, Excel and SQLite files."""
