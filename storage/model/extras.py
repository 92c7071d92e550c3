"""Say how to get a library that is only installed with an extra of Presswatch, which is on no package index."""

from __future__ import annotations

from enum import StrEnum


class Extra(StrEnum):
    """Optional dependencies of pyproject.toml that a command may need."""

    POSTGRES = "postgres"
    PARQUET = "parquet"
    XLSX = "xlsx"
    IDENTITY = "identity"
    BROWSER = "browser"
    WEB = "web"
    MCP = "mcp"
    CLUSTER = "cluster"


def missing_extra(reason: str, extra: Extra) -> str:
    """Return the error of a library that is not installed; `reason` says what needs which library."""
    return (
        f"{reason}; install Presswatch again from its checkout with this extra: uv tool install '.[{extra}]', "
        f"or in its environment: pip install '.[{extra}]'"
    )
