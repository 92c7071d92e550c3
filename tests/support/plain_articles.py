"""Create plain articles for crawls, distinguished by their slugs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.support.site import Article, blocks

NOW = datetime.now(UTC).replace(second=0, microsecond=0)


def plain_article(slug: str, *, days: int = 3, **changes: object) -> Article:
    """Create an article published `days` ago; by default old enough that no recrawl is due soon."""
    fields: dict[str, object] = {
        "slug": slug,
        "title": f"Title of {slug}",
        "body": (blocks.paragraph("First paragraph of it."), blocks.paragraph("Second, with 15 million in it.")),
        "published_at": NOW - timedelta(days=days),
        "views": 100,
    }
    return Article(**{**fields, **changes})  # type: ignore[arg-type]
