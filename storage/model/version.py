"""Version of the program."""

VERSION = "0.1.0"

USER_AGENT_PRODUCT = "Presswatch"
"""Product token that rules of robots.txt match (RFC 9309 §2.2.1)."""
