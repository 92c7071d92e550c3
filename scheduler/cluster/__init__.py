"""Hand crawls to workers on any number of machines: a queue of jobs on the PostgreSQL of the store (procrastinate)."""
