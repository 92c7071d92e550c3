"""Route each path to its response, when the site behaves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from urllib.parse import parse_qs, unquote

from tests.support.site import bad_bytes, markup
from tests.support.site.answers import Answer, error
from tests.support.site.articles import SECTIONS, Article, section_label
from tests.support.site.feed import Feed
from tests.support.site.newsroom import Newsroom
from tests.support.site.styles import Paging

_IMAGE = Answer(200, bad_bytes.image(), {"Content-Type": "image/gif", "Cache-Control": "max-age=86400"})
_TEXT = {"Content-Type": "text/plain; charset=utf-8"}


def path_of(target: str) -> str:
    """The path of a request's target: no query, percent-decoded, no slash at the end."""
    return unquote(target.partition("?")[0]).rstrip("/") or "/"


def page_of(target: str) -> int:
    """The page that `?page=n` asks for; 1 when it asks for none."""
    asked = parse_qs(target.partition("?")[2]).get("page", ["1"])[0]
    return max(1, int(asked)) if asked.isdecimal() else 1


class Routes:
    """Answers a target from what the newsroom holds. Pages once made are kept until something changes."""

    def __init__(self, newsroom: Newsroom) -> None:
        self._newsroom = newsroom
        self._feed = Feed()
        self._made: dict[tuple[str, int, bool], Answer] = {}
        self._revision = -1

    def answer(self, target: str, headers: Mapping[str, str]) -> Answer:
        """The honest answer to a GET of `target`; header names in lower case."""
        path = path_of(target)
        if path == "/rss.xml":
            return self._feed.answer(self._newsroom, headers)
        zipped = self._newsroom.page_style.compress and "gzip" in headers.get("accept-encoding", "")
        return self._kept(path, page_of(target), zipped=zipped)

    def _kept(self, path: str, number: int, *, zipped: bool) -> Answer:
        if self._revision != self._newsroom.revision:
            self._made.clear()
            self._revision = self._newsroom.revision
        key = (path, number, zipped)
        if key not in self._made:
            made = self._make(path, number)
            self._made[key] = made.compressed() if zipped and made.status == 200 else made
        return self._made[key]

    def _make(self, path: str, number: int) -> Answer:
        if path in self._newsroom.articles:
            return self._article(self._newsroom.articles[path])
        if path in _FIXED:
            return _FIXED[path](self, number)
        parts = path.strip("/").split("/")
        language = parts.pop(0) if parts[0] == "en" else "ru"
        match parts:
            case ["category", slug]:
                return self._section(slug, language, number)
            case ["search", *words]:
                return self._search("/".join(words))
            case ["media" | "templates", *_]:
                return _IMAGE
        return error(404)

    def _article(self, article: Article) -> Answer:
        if article.page is not None:
            return Answer(article.status, article.page).with_headers(article.page_headers)
        if article.status != 200:
            return error(article.status).with_headers(article.page_headers)
        room = self._newsroom
        cards = [markup.card(other, room.link_base, room.list_style) for other in self._related(article)]
        html = markup.article_page(article, room.link_base, cards, room.page_style)
        return _html(html).with_headers(article.page_headers)

    def _related(self, article: Article) -> Sequence[Article]:
        """The newest articles of other sections in the same language."""
        wanted = self._newsroom.page_style.related
        own = set(article.sections)
        found: list[Article] = []
        for other in self._newsroom.newest():
            if len(found) == wanted:
                break
            if other.in_lists and other.language == article.language and own.isdisjoint(other.sections):
                found.append(other)
        return found

    def _front(self, number: int) -> Answer:
        return self._list("Caliber.az", "ru", self._newsroom.listed(), number)

    def _section(self, slug: str, language: str, number: int) -> Answer:
        articles = self._newsroom.listed(slug, language)
        if not articles and slug not in SECTIONS:
            return error(404)
        return self._list(section_label(slug, language).upper(), language, articles, number)

    def _search(self, words: str) -> Answer:
        found = [one for one in self._newsroom.listed() if words.casefold() in one.title.casefold()]
        return self._list(words, "ru", found, 1)

    def _list(self, title: str, language: str, articles: Sequence[Article], number: int) -> Answer:
        room, style = self._newsroom, self._newsroom.list_style
        number = 1 if style.paging is Paging.REPEAT else number
        if number > 1 and style.paging is Paging.OFF:
            return error(404)
        shown = articles[(number - 1) * style.per_screen : number * style.per_screen] if style.cards else ()
        if style.last_page is not None and number > style.last_page:
            shown = ()
        if not shown and number > 1 and style.end_status != 200:
            return error(style.end_status)
        cards = [markup.card(article, room.link_base, style) for article in shown]
        weight = room.page_style.weight
        return _html(markup.list_page(title=title, language=language, cards=cards, weight=weight))

    def _robots(self, number: int) -> Answer:
        text = self._newsroom.robots
        if text is None:
            return error(404)
        return Answer(self._newsroom.robots_status, text.encode(), _TEXT)


_FIXED: Mapping[str, Callable[[Routes, int], Answer]] = {
    "/": Routes._front,
    "/en": Routes._front,
    "/rss": lambda routes, number: Answer(200, bad_bytes.html_feed()),
    "/robots.txt": Routes._robots,
}


def _html(text: str) -> Answer:
    return Answer(200, text.encode("utf-8", "surrogatepass"))
