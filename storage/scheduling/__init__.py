"""Keep the schedules and the lease of the daemon; query the inputs of health checks."""
