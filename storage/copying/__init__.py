"""Copy a database row by row, into one of the other kind or into a backup."""
