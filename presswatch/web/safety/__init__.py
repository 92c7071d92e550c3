"""Decide who may read and change: tokens, hosts, origins, form tokens, limits; no database."""
