"""Open the database and its transactions; declare, create and upgrade its tables."""
