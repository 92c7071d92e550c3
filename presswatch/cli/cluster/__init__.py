"""The command of workers on several machines, and the choice of a daemon's engine."""
