"""Test the URLs of a source: articles, rebasing, languages, channels."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from scraper.parsing.source_urls import ArticleUrl, SourceUrls, merge
from storage.model.errors import ConfigError
from storage.model.records import DatePrecision, Link
from storage.model.urls import canonicalize
from tests.support.declared import HOME, SOURCE, SOURCE_URLS

COPY = SourceUrls(SOURCE, "http://127.0.0.1:8099")

OF_THE_HOST = {
    "as it is": f"{HOME}/en/post/x",
    "www": "https://www.caliber.az/en/post/x",
    "http": "http://caliber.az/en/post/x",
    "no scheme": "//caliber.az/en/post/x",
    "a path": "/en/post/x",
    "relative": "../post/x",
    "white space": " \n/en/post/x\t",
    "untidy": "HTTP://WWW.Caliber.az:80/en/./post/x/?utm_source=tg#views",
}


@pytest.mark.parametrize("href", OF_THE_HOST.values(), ids=OF_THE_HOST)
def test_spellings_of_one_article(href: str) -> None:
    page = f"{HOME}/en/category/politics"
    assert SOURCE_URLS.article_url(href, page) == f"{HOME}/en/post/x"
    assert COPY.article_url(href, page) == "http://127.0.0.1:8099/en/post/x"


NO_ARTICLE = {
    "nothing": "",
    "another path": "/en/category/politics",
    "more than an article": "/en/post/x/comments",
    "the path without its start": "/static/en/post/x",
    "another host": "https://evil.example/en/post/x",
    "a host that ends alike": "https://notcaliber.az/en/post/x",
    "a host below": "https://m.caliber.az/en/post/x",
    "the host as a user": "https://caliber.az@evil.example/en/post/x",
    "another port": "https://caliber.az:8443/en/post/x",
    "a script": "javascript:location='/en/post/x'",
    "mail": "mailto:post@caliber.az",
    "a path with a scheme inside": "/out?to=https://caliber.az/en/post/x",
    "broken brackets": "http://[::1/en/post/x",
    "a lone surrogate": "/en/post/\ud800",
}


@pytest.mark.parametrize("href", NO_ARTICLE.values(), ids=NO_ARTICLE)
def test_no_article(href: str) -> None:
    assert SOURCE_URLS.article_url(href) is None


def test_what_a_query_says_is_kept() -> None:
    assert SOURCE_URLS.article_url("/post/x?page=2&utm_source=tg") == f"{HOME}/post/x?page=2"


def test_a_copy_takes_its_own_articles_and_those_of_the_home() -> None:
    assert COPY.article_url("http://127.0.0.1:8099/post/x") == "http://127.0.0.1:8099/post/x"
    assert COPY.article_url("http://127.0.0.1:8100/post/x") is None
    assert SOURCE_URLS.article_url("http://127.0.0.1:8099/post/x") is None


@pytest.mark.parametrize("base", [HOME, "http://127.0.0.1:8099", "http://localhost", "https://mirror.example:8443"])
def test_stored_addresses_are_canonical(base: str) -> None:
    address = SourceUrls(SOURCE, base).article_url("/en/post/a b/?utm_source=x")
    assert address == f"{base}/en/post/a%20b"
    assert canonicalize(address) == address


@pytest.mark.parametrize(
    ("written", "base"),
    [
        (None, HOME),
        ("https://caliber.az/", HOME),
        (" HTTPS://www.Caliber.az:443 ", HOME),
        ("http://127.0.0.1:8099", "http://127.0.0.1:8099"),
        ("http://[::1]:8099/", "http://[::1]:8099"),
        ("http://mirror.example", "http://mirror.example"),
    ],
)
def test_base(written: str | None, base: str) -> None:
    assert SourceUrls(SOURCE, written).base == base


@pytest.mark.parametrize(
    "written",
    [
        "",
        "caliber.az",
        "ftp://caliber.az",
        "https://",
        "https://caliber.az/en",
        "https://caliber.az?x=1",
        "https://caliber.az/#top",
        "https://me:secret@caliber.az",
        "http://127.0.0.1:99999",
        "http://[::1",
        "https://caliber.az\\en",
    ],
)
def test_a_base_url_of_more_or_less_is_refused_by_name(written: str) -> None:
    with pytest.raises(ConfigError) as refused:
        SourceUrls(SOURCE, written)
    assert repr(written) in str(refused.value)
    assert "https://caliber.az" in str(refused.value)


def test_the_language_of_a_channel_counts_where_urls_have_none() -> None:
    assert SOURCE_URLS.listed_language(f"{HOME}/en/post/x", "az") == "en"
    assert SOURCE_URLS.listed_language(f"{HOME}/post/x", "az") == "ru"
    plain = SourceUrls(replace(SOURCE, article_path=r"/news/\d+"))
    assert plain.listed_language(f"{HOME}/news/1", "az", "en") == "az"
    assert plain.listed_language(f"{HOME}/news/1", None, "en") == "en"
    assert plain.listed_language(f"{HOME}/news/1", None) == "ru"


def test_language() -> None:
    assert SOURCE_URLS.language(f"{HOME}/en/post/x") == "en"
    assert SOURCE_URLS.language(f"{HOME}/post/x") == "ru"
    assert COPY.language("http://127.0.0.1:8099/arm/post/x") == "arm"
    assert SOURCE_URLS.language("no address") == "ru"
    plain = SourceUrls(replace(SOURCE, article_path=r"/news/\d+"))
    assert plain.language(f"{HOME}/news/1") == "ru"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/rss.xml", "/rss.xml"),
        ("rss.xml", "/rss.xml"),
        ("/rss/", "/rss/"),
        ("", "/"),
        ("?feed=rss", "/?feed=rss"),
        ("/feed?utm_source=x&to=https://a.example/%7e#top", "/feed?utm_source=x&to=https://a.example/%7e"),
        ("https://caliber.az/en/category/politics?p=1", "/en/category/politics?p=1"),
        ("http://www.caliber.az", "/"),
        ("https://caliber.az?feed=rss", "/?feed=rss"),
        ("/search/Баку и мир", "/search/%D0%91%D0%B0%D0%BA%D1%83%20%D0%B8%20%D0%BC%D0%B8%D1%80"),
    ],
)
def test_channel(path: str, expected: str) -> None:
    assert SOURCE_URLS.channel_url(path) == HOME + expected
    assert COPY.channel_url(path) == "http://127.0.0.1:8099" + expected


@pytest.mark.parametrize(
    ("path", "url"),
    [
        ("https://feeds.example/caliber?x=1#top", "https://feeds.example/caliber?x=1"),
        ("http://WWW.feeds.example:80/Caliber", "http://www.feeds.example/Caliber"),
        ("https://caliber.az:81/rss", "https://caliber.az:81/rss"),
        ("https://новости.рф/лента", "https://xn--b1amnebsh.xn--p1ai/%D0%BB%D0%B5%D0%BD%D1%82%D0%B0"),
        ("https://caliber.az.evil.example/rss", "https://caliber.az.evil.example/rss"),
    ],
)
def test_a_channel_on_another_host_is_requested_as_it_is_declared(path: str, url: str) -> None:
    assert SOURCE_URLS.channel_url(path) == url
    assert SOURCE_URLS.channel_request_url(url) == url
    assert str(SOURCE_URLS.other_origin(path)) == url.rpartition("/")[0]
    with pytest.raises(ConfigError, match=r"channel '.*is not on http://127\.0\.0\.1:8099"):
        COPY.channel_url(path)


@pytest.mark.parametrize("path", ["ftp://caliber.az/rss", "https://u:p@caliber.az/rss", "https://feeds.example:x/rss"])
def test_a_channel_that_cannot_be_requested_is_refused_by_name(path: str) -> None:
    with pytest.raises(ConfigError, match=r"channel '.*is no http\(s\) URL"):
        SOURCE_URLS.channel_url(path)
    assert SOURCE_URLS.other_origin(path) is None


def test_own() -> None:
    assert SOURCE_URLS.is_same_site("http://www.caliber.az/robots.txt")
    assert COPY.is_same_site("http://127.0.0.1:8099/en/post/x#a")
    assert not COPY.is_same_site("https://127.0.0.1:8099/en/post/x")
    assert not COPY.is_same_site("http://127.0.0.1/en/post/x")
    assert not COPY.is_same_site(f"{HOME}/en/post/x")
    assert not SOURCE_URLS.is_same_site("https://caliber.az.evil.example/")
    assert not SOURCE_URLS.is_same_site("data:text/html,x")


def _link(**hints: object) -> Link:
    return Link(url=f"{HOME}/post/x", channel=f"{HOME}/", **hints)  # type: ignore[arg-type]


def test_merged_links_complete_each_other() -> None:
    at = datetime(2026, 6, 25, 13, 24, tzinfo=UTC)
    bare = _link(sections=("politics",), published_raw="soon")
    full = _link(title="Second", sections=("world", "politics"), published_at=at, published_raw="25 June 2026 17:24")
    other = replace(bare, url=f"{HOME}/post/y")
    third = _link(title="Third", published_at=at.replace(year=2025), published_raw="x")
    assert tuple(merge([bare, other, full, third]).values()) == (
        _link(title="Second", sections=("politics", "world"), published_at=at, published_raw="25 June 2026 17:24"),
        other,
    )


def test_a_time_settles_what_a_list_prints_as_a_day() -> None:
    day = _link(
        published_at=datetime(2026, 6, 25, tzinfo=UTC), published_precision=DatePrecision.DAY, published_raw="25.06"
    )
    at = datetime(2026, 6, 25, 13, 24, tzinfo=UTC)
    exact = _link(published_at=at, published_precision=DatePrecision.MINUTE, published_raw="25 June 2026 17:24")
    for links in ([day, exact], [exact, day]):
        (merged,) = merge(links).values()
        assert (merged.published_at, merged.published_precision, merged.published_raw) == (
            *(at, DatePrecision.MINUTE),
            "25 June 2026 17:24",
        )


@pytest.mark.parametrize(
    ("pattern", "href"),
    [
        (r"/news/\d+/", "/news/7/"),
        (r"/news/\d+/", "/news/7"),
        (r"/news/\d+", "/news/7/"),
        (r"/news/[^/]+%2C[^/]+", "/news/a%2Cb"),
        (r"/news/[^/]+,[^/]+", "/news/a%2cb"),
        (r"/(?:новости)/[^/]+/", "/%D0%BD%D0%BE%D0%B2%D0%BE%D1%81%D1%82%D0%B8/x/"),
        (r"/(?:новости)/[^/]+", "/новости/x"),
    ],
)
def test_an_article_path_is_matched_as_it_is_listed(pattern: str, href: str) -> None:
    urls = SourceUrls(replace(SOURCE, article_path=rf"(?P<language>){pattern}"))
    found = urls.find_article(href)
    assert found is not None
    assert urls.find_article(found.url) is not None  # by its canonical URL, too
    assert SourceUrls(replace(SOURCE, article_path=rf"/x{pattern}")).find_article(href) is None


@pytest.mark.parametrize(
    ("declared", "href", "found"),
    [
        (HOME, "https://www.caliber.az/post/x/", ArticleUrl(f"{HOME}/post/x", "https://www.caliber.az/post/x/")),
        (HOME, "http://caliber.az/post/x", ArticleUrl(f"{HOME}/post/x", None)),
        ("https://www.caliber.az", "/post/x", ArticleUrl(f"{HOME}/post/x", "https://www.caliber.az/post/x")),
        ("https://www.caliber.az", f"{HOME}/post/x", ArticleUrl(f"{HOME}/post/x", None)),
        ("http://127.0.0.1:8099", "https://www.caliber.az/post/x/", COPY.find_article("/post/x/")),
    ],
)
def test_a_request_goes_to_the_host_that_is_listed_or_else_declared(
    declared: str, href: str, found: ArticleUrl
) -> None:
    urls = SourceUrls(SOURCE, declared)
    assert urls.find_article(href) == found
    assert urls.channel_request_url(urls.channel_url("/rss.xml?a=%27")) == f"{declared}/rss.xml?a=%27"


def test_a_spelling_that_is_too_long_is_not_requested() -> None:
    assert SOURCE_URLS.find_article(f"/post/x?utm_source={'x' * 2_000}") == ArticleUrl(f"{HOME}/post/x", None)
