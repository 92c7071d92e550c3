"""Hold the state of the site: its articles, its clock, its styles. No network here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from tests.support.site.articles import Article
from tests.support.site.http_server import typed
from tests.support.site.styles import FeedStyle, ListStyle, PageStyle

DEFAULT_ROBOTS = "User-agent: *\nDisallow: /admin/\n"


class UnknownArticleError(Exception):
    """Nothing of this name was published, or two languages have it."""


class Newsroom:
    """The articles by address, and how they are shown.

    `revision` grows with every change, so that whatever was made from the old state can be thrown away.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self.revision = 0
        self._sorted: tuple[int, tuple[Article, ...]] = (-1, ())
        self.reset()

    def reset(self) -> None:
        """Forgets every article, habit and time."""
        self.link_base = self.address
        self.articles: dict[str, Article] = {}
        self.feed_style = FeedStyle()
        self.list_style = ListStyle()
        self.page_style = PageStyle()
        self.robots: str | None = DEFAULT_ROBOTS
        self.robots_status = 200
        self._time: datetime | None = None
        self.revision += 1

    def now(self) -> datetime:
        """Return the time of the site's clock, in UTC."""
        return self._time or datetime.now(UTC)

    def set_time(self, at: datetime | None) -> None:
        """Stops the site's clock at `at`; None lets it go with the real one again."""
        self._time = at.astimezone(UTC) if at else None
        self.revision += 1

    def publish(self, articles: Iterable[Article]) -> None:
        """Puts articles on the site, in place of those with the same address."""
        for article in articles:
            self.articles[article.path] = replace(article, published_at=article.published_at or self.now())
        self.revision += 1

    def edit(self, where: str, changes: Mapping[str, Any]) -> Article:
        """Changes fields of an article and gives the new one; a new slug or language moves it."""
        path = self.find(where)
        article = replace(self.articles[path], **typed(Article, changes))
        if article.path != path:
            del self.articles[path]
        self.articles[article.path] = article
        self.revision += 1
        return article

    def remove(self, where: str) -> None:
        """Takes an article off the site as if it had never been there."""
        del self.articles[self.find(where)]
        self.revision += 1

    def restyle(self, name: str, changes: Mapping[str, Any]) -> None:
        """Changes some of the habits in `feed_style`, `list_style` or `page_style`."""
        style = getattr(self, name)
        setattr(self, name, replace(style, **typed(type(style), changes)))
        self.revision += 1

    def find(self, where: str) -> str:
        """The path of an article named by its slug or path. Raises UnknownArticleError."""
        paths = [path for path, article in self.articles.items() if where in {path, article.slug}]
        if len(paths) != 1:
            raise UnknownArticleError(f"{len(paths)} articles are called {where!r}")
        return paths[0]

    def newest(self) -> tuple[Article, ...]:
        """All articles, newest first; of one minute, the later published first."""
        if self._sorted[0] != self.revision:
            everything = reversed(self.articles.values())
            dated = sorted(everything, key=lambda article: article.published_at or self.now(), reverse=True)
            self._sorted = (self.revision, tuple(dated))
        return self._sorted[1]

    def listed(self, section: str | None = None, language: str | None = None) -> tuple[Article, ...]:
        """The articles a list shows, newest first."""
        return tuple(
            article
            for article in self.newest()
            if article.in_lists
            and (section is None or section in article.sections)
            and (language is None or article.language == language)
        )
