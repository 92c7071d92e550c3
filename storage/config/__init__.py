"""Read presswatch.toml and the environment into typed settings; set up logging."""
