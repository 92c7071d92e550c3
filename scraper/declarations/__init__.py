"""Make Source objects of the tables in which sources are declared: presswatch.toml and sources.d."""
