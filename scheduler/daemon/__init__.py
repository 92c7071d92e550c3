"""Run the daemon: scheduled polls in worker processes, periodic tasks, HTTP status."""
