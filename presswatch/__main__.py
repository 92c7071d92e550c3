"""`python -m presswatch`: the command line."""

from presswatch.cli.main import main

main(prog_name="presswatch")
