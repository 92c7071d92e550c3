"""Define the commands, one module each; loaded when a command is called."""
