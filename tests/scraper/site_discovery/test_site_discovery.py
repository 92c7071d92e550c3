"""Decisions about an unknown site, from bytes: article patterns, lists of links, channels, names, time zones."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from scraper.parsing.html_tree import HtmlTree
from scraper.parsing.source_urls import SourceUrls
from scraper.site_discovery.article_pattern import article_pattern, listed_pattern
from scraper.site_discovery.channel_choice import choose_channels
from scraper.site_discovery.channels import FoundChannel, NoChannel, articles_a_day, judge_channel
from scraper.site_discovery.home_page import (
    NavigationLink,
    guessed_channels,
    read_home_page,
    robots_channels,
)
from scraper.site_discovery.list_pages import find_list, find_paging
from scraper.site_discovery.news_lists import news_pages
from scraper.site_discovery.opml import read_opml, source_name
from scraper.site_discovery.time_zones import COUNTRY_ZONES, propose_zone
from scraper.source import Feed, ListingPage, Paging, Sitemap, TeaserSelectors
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
        (["/en/news/101", "/ru/news/102", "/en/a/b/103", "/az/c/d/104"], "/az/news/105", "/en/x"),
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


SECTIONS = ("politics", "economy", "world")


def sectioned(card: str, count: int = 10) -> str:
    return "".join(card.format(n=n, h=f"{HEADLINES[n % 10]} {n}", s=SECTIONS[n % 3]) for n in range(count))


@pytest.mark.parametrize(
    "card",
    [
        "<li><a href='/{s}/vote-in-town-10{n}.html'>{h}</a></li>",
        "<li><a href='/{s}/a-vote-in-town-{s}/'>{h}</a></li>",
        "<div class='row'><div class='col'><a href='/{s}/vote-in-town-10{n}.html'>{h}</a></div></div>",
    ],
)
def test_a_list_of_several_sections_is_one_list(card: str) -> None:
    others = "".join(f"<li><a href='/photo/{n}00/'>{headline}</a></li>" for n, headline in enumerate(HEADLINES[:9]))
    numbered = card.replace("town-{s}", "town-{n}-{s}")
    found = find_list(page(f"<ul>{sectioned(numbered)}</ul><ul>{others}</ul>"), f"{HOME}/", URLS)
    assert found is not None
    assert len(found.urls) == 10
    assert not any("photo" in url for url in found.urls)
    assert re.fullmatch(found.article, "/sport/vote-in-town-999.html" if ".html" in card else "/sport/a-vote-in-town")


DATED = {
    "time": ("<time datetime='2026-11-04T1{n}:05:00Z'>today</time>", "time@datetime"),
    "class": ("<span class='when'>1{n}:05 04/11/2026</span>", "span.when"),
    "words": ("<b class=x>4 ноября 2026, 1{n}:05</b>", "b.x"),
    "number": ("<span class='views'>120{n}</span>", None),
    "no class": ("<span>1{n}:05 04/11/2026</span>", None),
    "other text": ("<p class=lead>The council of 2026 meets</p>", None),
}


@pytest.mark.parametrize(("date", "selector"), DATED.values(), ids=DATED)
def test_cards_are_found_by_their_list_with_their_dates(date: str, selector: str | None) -> None:
    cards = sectioned("<li><h3><a href='/{s}/10{n}.html'>{h}</a></h3>" + date + "</li>")
    menu = "<ul><li><a href='/politics/'>Politics</a></li></ul>"
    found = find_list(page(menu, f"<ul class='all-news'>{cards}</ul>"), f"{HOME}/", URLS)
    assert found is not None
    assert found.teasers is not None
    assert (found.teasers.card, found.teasers.published) == ("ul.all-news > li", selector)


@pytest.mark.parametrize(
    ("markup", "url", "paging"),
    [
        ("<a href='?page=2'>2</a>", "/news/", Paging(suffix="?page={page}")),
        ("<a href='/news/page/2/'>2</a>", "/news/", Paging(suffix="page/{page}/")),
        ("<a href='/news/page/2'>2</a>", "/news", Paging(suffix="/page/{page}")),
        ("<a href='/news?c=1&PAGEN_2=2'>2</a>", "/news?c=1", Paging(suffix="&PAGEN_2={page}")),
        ("<a rel='next' href='/news/older'>Older</a>", "/news", Paging(link="a[rel~=next]")),
        ("<a href='/sport/?page=2'>2</a><a href='https://elsewhere.example/?page=2'>2</a>", "/news/", None),
        ("<a href='/news/'>1</a><a href='/news/vote-2'>A vote</a>", "/news/", None),
    ],
)
def test_further_pages_of_a_list_are_found_by_number_or_link(markup: str, url: str, paging: Paging | None) -> None:
    assert find_paging(page(markup), f"{HOME}{url}", URLS) == paging


def test_pages_of_all_news_are_told_from_those_of_a_section() -> None:
    labels = {
        "/all": "Всі новини",
        "/n": "Son xəbərlər",
        "/news.html": "",
        "/news-of-sport": "Sport",
        "/world": "World",
    }
    links = [NavigationLink(f"{HOME}{path}", label) for path, label in labels.items()]
    assert [one.url.removeprefix(HOME) for one in news_pages(links)] == ["/all", "/n", "/news.html"]


@pytest.mark.parametrize(
    "label",
    [
        *("Ροή ειδήσεων", "Τελευταίες ειδήσεις", "Tin mới nhất", "tin-moi", "roi-eidiseon", "Últimas noticias"),
        *("ultimas-noticias", "Toute l’actualité", "Neueste Nachrichten", "Ultime notizie", "Laatste nieuws"),
        *("Najnowsze wiadomości", "Všechny zprávy", "Friss hírek", "Ultimele știri", "Всички новини", "Uutiset"),
        *("Berita terbaru", "آخر الأخبار", "آخرین اخبار", "ニュース一覧", "最新消息", "최신기사", "Son xəbərlər"),
        *("Все новости", "Լրահոս", "ყველა სიახლე", "Барлық жаңалықтар", "Tüm haberler"),
    ],
)
def test_lists_of_all_news_are_known_in_many_languages(label: str) -> None:
    assert news_pages([NavigationLink(f"{HOME}/x", label)])


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
        "<link rel='alternate' type='application/atom+xml' href='https://feeds.example/atom'>"
        "<link rel='alternate' type='application/rss+xml' href='https://www.youtube.com/feeds/videos.xml'>"
        "<link rel='alternate' type='application/rss+xml' href='https://t.me/s/tern'>"
        "<link rel='alternate' type='application/rss+xml' href='https://feeds.east.media/rss'>"
    )
    body = "<a href='/rss/all.xml'>RSS</a><a href='/feedback'>Write to us</a><a href='/rss/all.xml#top'>RSS</a>"
    body += "<a href='https://elsewhere.example/rss'>The feed of a friend</a>"
    html = f"<html lang='az-AZ'><head>{head}</head><body>{body}</body></html>".encode()
    home = read_home_page(html, url=f"{HOME}/", urls=URLS, content_type=None)
    assert home is not None
    assert (home.title, home.language) == ("Tern Gazette", "az")
    assert [one.url for one in home.channels] == [
        f"{HOME}/start/feed.xml",
        "https://feeds.example/atom",
        "https://feeds.east.media/rss",
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
        ([found("feed", "/rss", range(10)), found("list", "/", range(12), dated=False)], ["/rss"]),
        ([found("feed", "/rss", range(10)), found("list", "/news", range(30), dated=False)], ["/rss", "/news"]),
        ([found("feed", "/rss", range(10)), found("list", "/news", range(30))], ["/news"]),
        ([found("feed", "/rss", range(10)), found("list", "/old", range(900, 930))], ["/rss"]),
        ([found("feed", "/rss", range(10)), found("list", "/best", range(40, 70), dated=False)], ["/rss"]),
        ([found("feed", "/rss", range(60)), found("list", "/news", range(90))], ["/rss"]),
        ([found("feed", "/rss", range(10)), found("news sitemap", "/n", range(60))], ["/n"]),
        ([found("list", "/", range(10), dated=False), found("list", "/news", range(30), dated=False)], ["/news"]),
        ([found("feed", "/rss", range(10), dated=False), found("sitemap", "/s", range(90))], ["/s"]),
        ([found("sitemap", "/s", range(90), dated=False), found("list", "/", range(20))], ["/"]),
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


@pytest.mark.parametrize(
    ("dates", "home", "countries", "zone"),
    [
        (["2026-11-04T12:00:00+02:00"], "https://tern.example", ["gr"], "Europe/Athens"),
        (["2026-11-04T12:00:00+05:30"], "https://tern.example", ["in"], "Asia/Kolkata"),
        (["2026-11-04T12:00:00+04:00"], "https://tern.example", ["ru"], "Etc/GMT-4"),  # a theme in Russian
        (["2026-11-04T12:00:00+04:00"], "https://tern.az", ["ru"], "Asia/Baku"),
        (["2026-11-04T12:00:00+02:00"], "https://tern.example", ["us", "gr"], "Europe/Athens"),
        (["4 November 2026"], "https://tern.example", ["gr"], None),
    ],
)
def test_a_country_of_the_language_counts_where_the_offsets_are_its_own(
    dates: list[str], home: str, countries: list[str], zone: str | None
) -> None:
    assert propose_zone(dates, home, countries, now=NOW)[0] == zone


def test_a_home_page_names_the_countries_of_its_language() -> None:
    head = "<meta property='og:locale' content='el_CY'><meta property='og:locale' content='en'>"
    html = f"<html lang='el-GR'><head>{head}</head><body></body></html>".encode()
    home = read_home_page(html, url=f"{HOME}/", urls=URLS, content_type=None)
    assert home is not None
    assert home.countries == ("gr", "cy")


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


@pytest.mark.parametrize(
    ("titles", "title"),
    [
        (["/r/news"], "/r/news"),
        (["Tern: World", "", "Tern: Trade"], "Tern"),
        (["Tern Gazette - World", "Tern Gazette | Trade"], "Tern Gazette"),
        (["Tern", "Tern"], "Tern"),
        (["The Latest", "The Sports"], "orrin"),
        (["World", "Trade"], "orrin"),
        (["", ""], "orrin"),
    ],
)
def test_the_title_of_a_site_is_what_those_of_its_feeds_begin_with(titles: list[str], title: str) -> None:
    outlines = "".join(
        f'<outline title="{title}" xmlUrl="https://orrin.example/{number}"/>' for number, title in enumerate(titles)
    )
    document = f"<opml><body>{outlines}</body></opml>".encode()
    [found], refused = read_opml(document, language="en", timezone="UTC", known={})
    assert (found.source.title, refused) == (title, [])
