"""Decisions about an unknown site, from bytes: article patterns, lists of links, channels, names, time zones."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from scraper.parsing.html_tree import HtmlTree
from scraper.parsing.source_urls import SourceUrls
from scraper.site_discovery.article_pattern import article_pattern, listed_pattern
from scraper.site_discovery.channels import FoundChannel, NoChannel, articles_a_day, choose_channels, judge_channel
from scraper.site_discovery.home_page import guessed_channels, read_home_page, robots_channels
from scraper.site_discovery.list_pages import find_list
from scraper.site_discovery.opml import source_name
from scraper.site_discovery.time_zones import COUNTRY_ZONES, propose_zone
from scraper.source import Feed, ListingPage, Sitemap, TeaserSelectors
from storage.config.parsers import timezone_name
from storage.model.records import Link
from tests.support.declared import SOURCE

NOW = datetime(2026, 11, 4, 12, tzinfo=UTC)
HOME = "https://tern.example"
URLS = SourceUrls(replace(SOURCE, name="tern", base_url=HOME, article_path=None))


@pytest.mark.parametrize(
    ("paths", "later", "other"),
    [
        (["/2025/12/31/a-b-c/", "/2025/12/30/a-vote-in-town/"], "/2026/01/02/storm-over-the-sea/", "/2026/01/02/"),
        (["/news/101", "/news/102/"], "/news/9999", "/news/about"),
        (
            ["/news/politics/a-b-c-101.html", "/news/sport/d-e-f-102.html"],
            "/news/world/x-1234.html",
            "/news/world.html",
        ),
        (["/en/news/101", "/ru/news/102", "/az/news/103"], "/ru/news/104", "/de/news/104"),
        (["/en/a-b-c", "/d-e-f", "/g-h-i"], "/x-y-z", "/about"),
        (["/vote-in-town-n101", "/storm-n102"], "/fire-n103", "/contacts"),
    ],
)
def test_a_pattern_is_as_narrow_as_its_articles_and_holds_for_later_ones(
    paths: list[str], later: str, other: str
) -> None:
    pattern = article_pattern(HOME + path for path in paths)
    assert pattern is not None
    urls = SourceUrls(replace(URLS.source, article_path=pattern))
    assert all(urls.article_url(path) for path in [*paths, later])
    assert urls.article_url(other) is None


def test_a_few_pages_of_another_kind_do_not_widen_a_pattern() -> None:
    paths = [*(f"/news/{number}" for number in range(100, 140)), "/about/the/team"]
    assert article_pattern(HOME + path for path in paths) == r"/news/\d+"
    assert article_pattern([]) is None
    assert article_pattern([f"{HOME}/"]) is None


def test_articles_of_feeds_have_a_pattern_only_for_their_languages() -> None:
    assert listed_pattern([f"{HOME}/a-b-c", f"{HOME}/news/1"]) is None
    pattern = listed_pattern([f"{HOME}/en/a-b-c", f"{HOME}/ru/x", f"{HOME}/d-e-f"])
    urls = SourceUrls(replace(URLS.source, article_path=pattern, default_language="az"))
    assert [urls.language(f"{HOME}{path}") for path in ("/en/one", "/ru/two", "/three")] == ["en", "ru", "az"]


HEADLINES = [f"Council decides about bridge number {number}" for number in range(10)]


def page(*cards: str, head: str = "") -> HtmlTree:
    return HtmlTree(f"<html><head>{head}</head><body>{''.join(cards)}</body></html>".encode())


@pytest.mark.parametrize(
    ("card", "selector"),
    [
        ("<div class='teaser post-{n}'><a href='/news/10{n}'>{h}</a></div>", "div.teaser"),
        ("<article><a href='/news/10{n}'><img></a><h3><a href='/news/10{n}'>{h}</a></h3></article>", "article"),
        ("<a class='item' href='/news/10{n}'><b>{h}</b></a>", "a.item"),
        ("<tr><td><a href='/news.php?id=10{n}'>{h}</a></td></tr>", None),
        ("<p><a href='/news/10{n}'>{h}</a></p>", None),
    ],
)
def test_a_list_is_found_with_the_card_that_repeats(card: str, selector: str | None) -> None:
    cards = [card.format(n=number, h=headline) for number, headline in enumerate(HEADLINES)]
    menu = [f"<li class='teaser'><a href='/news/tag/{n}'>Tag {n}</a></li>" for n in range(12)]
    table = ("<table>", "</table>") if card.startswith("<tr") else ("<div>", "</div>")
    found = find_list(page(*menu, table[0], *cards, table[1]), f"{HOME}/", URLS)
    assert found is not None
    assert len(found.urls) == 10
    assert (None if found.teasers is None else found.teasers.card) == selector
    assert re.fullmatch(found.article, "/news.php" if "php" in card else "/news/999")


def test_a_menu_and_a_few_links_are_no_list() -> None:
    few = [f"<div class='x'><a href='/news/10{n}'>{h}</a></div>" for n, h in enumerate(HEADLINES[:7])]
    names = [f"<li><a href='/region-of-the-north-{n}'>Region {n}</a></li>" for n in range(20)]
    assert find_list(page(*few, *names), f"{HOME}/", URLS) is None


def test_a_home_page_names_feeds_by_links_of_two_kinds() -> None:
    head = (
        "<base href='/start/'><title>Tern Gazette | News</title>"
        "<link rel='alternate' type='application/rss+xml' href='feed.xml'>"
        "<link rel='alternate' type='application/rss+xml' href='/comments/feed/'>"
        "<link rel='alternate' hreflang='ru' href='/ru/'>"
        "<link rel='alternate' type='application/atom+xml' href='https://elsewhere.example/atom'>"
    )
    body = "<a href='/rss/all.xml'>RSS</a><a href='/feedback'>Write to us</a><a href='/rss/all.xml#top'>RSS</a>"
    html = f"<html lang='az-AZ'><head>{head}</head><body>{body}</body></html>".encode()
    home = read_home_page(html, url=f"{HOME}/", urls=URLS, content_type=None)
    assert home is not None
    assert (home.title, home.language) == ("Tern Gazette", "az")
    assert [one.url for one in home.channels] == [
        f"{HOME}/start/feed.xml",
        f"{HOME}/rss/all.xml",
    ]
    assert read_home_page(b"%PDF-1.4", url=HOME, urls=URLS, content_type=None) is None


def test_robots_txt_names_sitemaps_of_the_own_host_news_first() -> None:
    text = f"User-agent: *\nSITEMAP: {HOME}/all.xml\nSitemap: https://elsewhere.example/x.xml\n Sitemap:{HOME}/news.xml"
    assert [one.url for one in robots_channels(text, URLS)] == [f"{HOME}/news.xml", f"{HOME}/all.xml"]
    assert len(guessed_channels(URLS)) <= 12


FEED_XML = f"<rss><channel><item><title>A</title><link>{HOME}/a-b-c</link></item></channel></rss>"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (FEED_XML, "feed"),
        (f"<urlset><url><loc>{HOME}/a-b-c</loc></url></urlset>", "sitemap"),
        (f"<sitemapindex><sitemap><loc>{HOME}/1.xml</loc></sitemap></sitemapindex>", "sitemap index"),
        (f"<urlset><url><loc>{HOME}/about</loc></url></urlset>", None),
        (FEED_XML.replace(HOME, "https://elsewhere.example"), None),
        ("<!DOCTYPE html><html><body>Everything is found here</body></html>", None),
        ("", None),
    ],
)
def test_an_address_is_judged_by_its_content(body: str, kind: str | None) -> None:
    judged = judge_channel(body.encode(), url=f"{HOME}/feed?x=1", origin="test", urls=URLS, content_type="text/html")
    if kind is None:
        assert isinstance(judged, NoChannel)
    else:
        assert isinstance(judged, FoundChannel)
        assert (judged.kind, judged.channel.path) == (kind, "/feed?x=1")


def found(kind: str, path: str, numbers: range, *, dated: bool = True) -> FoundChannel:
    links = tuple(
        Link(url=f"{HOME}/{n}", channel=path, published_at=NOW - timedelta(hours=n) if dated else None) for n in numbers
    )
    teasers = TeaserSelectors(card="p")
    channel = {"feed": Feed(path=path), "list": ListingPage(path=path, teasers=teasers)}.get(kind, Sitemap(path=path))
    return FoundChannel(channel=channel, kind=kind, origin="test", links=links)


@pytest.mark.parametrize(
    ("channels", "chosen"),
    [
        ([found("feed", "/all", range(20)), found("feed", "/politics", range(10))], ["/all"]),
        ([found("feed", "/world", range(20, 40)), found("feed", "/all", range(20))], ["/all", "/world"]),
        ([found("sitemap", "/sitemap", range(90)), found("feed", "/all", range(20))], ["/all"]),
        ([found("news sitemap", "/news", range(50)), found("feed", "/all", range(20))], ["/news"]),
        ([found("sitemap", "/sitemap", range(90)), found("list", "/", range(20), dated=False)], ["/sitemap"]),
        ([found("list", "/", range(20), dated=False)], ["/"]),
        ([], []),
    ],
)
def test_channels_are_chosen_that_cover_the_news_without_repeating_it(
    channels: list[FoundChannel], chosen: list[str]
) -> None:
    assert [one.channel.path for one in choose_channels(channels)] == chosen


@pytest.mark.parametrize(
    ("dates", "home", "zone"),
    [
        (["2026-11-04T12:00:00+04:00"], "https://tern.az", "Asia/Baku"),
        (["2026-11-04T12:00:00+05:00"], "https://tern.az", "Etc/GMT-5"),
        (["2026-07-04T12:00:00+0300"], "https://tern.ua", "Europe/Kyiv"),
        (["2026-11-04T12:00:00-05:00"], "https://tern.example", "Etc/GMT+5"),
        (["2026-11-04T12:00:00+05:30"], "https://tern.example", None),
        (["2026-11-04T12:00:00Z", "2026-11-04T12:00:00+00:00"], "https://tern.example", None),
        (["2026-11-04T12:00:00Z"], "https://tern.kz", "Asia/Almaty"),
        (["4 November 2026"], "https://127.0.0.1", None),
    ],
)
def test_a_time_zone_is_that_of_the_offsets_and_the_country(dates: list[str], home: str, zone: str | None) -> None:
    assert propose_zone(dates, home, now=NOW)[0] == zone


def test_every_zone_of_a_country_exists() -> None:
    assert all(timezone_name(zone) == zone for zone in COUNTRY_ZONES.values())


@pytest.mark.parametrize(
    ("url", "taken", "name"),
    [
        ("https://www.tern.az/feed", [], "tern"),
        ("https://news.tern.co.uk", [], "tern"),
        ("https://en.apa.az", ["apa"], "apa2"),
        ("http://127.0.0.1:8099", ["source"], "source2"),
        ("https://xn--80ak6aa92e.com", [], "xn--80ak6aa92e"),
    ],
)
def test_a_source_is_named_after_its_host(url: str, taken: list[str], name: str) -> None:
    assert source_name(url, taken) == name


@pytest.mark.parametrize(
    ("hours", "rate"),
    [
        (range(0, 48, 2), 12),
        ([*range(0, 48, 2), 24 * 90, 24 * 400], 12),  # pinned ones
        (range(0, 24 * 13, 24), 1),
        (range(0, 24 * 60, 24 * 3), 1),
        (range(4), None),
        ([0, 0, 0, 0, 0, 0], None),
    ],
)
def test_a_rate_is_told_by_recent_dates(hours: list[int], rate: float | None) -> None:
    links = [
        Link(url=f"{HOME}/{n}", channel="", published_at=NOW - timedelta(hours=hour)) for n, hour in enumerate(hours)
    ]
    assert articles_a_day(links) == rate
