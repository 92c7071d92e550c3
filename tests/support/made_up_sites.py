"""Answers of three made-up news sites: like WordPress, static in Russian, and one that has only a sitemap."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta

from tests.support.raw_server import answer

HTML = b"Content-Type: text/html; charset=utf-8"
XML = b"Content-Type: text/xml"
COUNT = 12
"""Articles of each site."""

Site = dict[str, bytes]
SENTENCE = (
    "The committee met for the third time this week and put off its decision on the bridge over the river Orrin. "
)
HEADLINES = (
    *("Harbour committee puts off bridge vote", "Orchard growers ask for lower water fees"),
    *("Night trains return to the northern line", "City library opens its rebuilt east wing"),
    *("Teachers and council agree on new hours", "Museum finds lost map of the old harbour"),
    *("River ferry to run again from next spring", "Council counts fewer fires than last year"),
    *("Rowers win the cup after nineteen years", "Baker of Tern Street wins national prize"),
    *("Rain closes two roads in the upper valley", "Hospital adds forty beds before the winter"),
)


def _page(head: str, body: str, language: str = "en") -> str:
    return f'<!DOCTYPE html><html lang="{language}"><head><meta charset="utf-8">{head}</head><body>{body}</body></html>'


def _slug(headline: str) -> str:
    return headline.lower().replace(" ", "-")


def wordpress_site(url: str, now: datetime) -> Site:
    """A site like WordPress: a feed that its pages name, JSON-LD, addresses that answer with their final slash only."""
    site: Site = {"/robots.txt": answer(b"User-agent: *\nDisallow: /wp-admin/\n")}
    items, cards = [], []
    for number, headline in enumerate(HEADLINES[:COUNT]):
        at = now - timedelta(hours=2 * number + 1)
        path = f"/{at:%Y/%m/%d}/{_slug(headline)}/"
        linked = {
            "@context": "https://schema.org",
            "@graph": [
                {"@type": "WebPage", "@id": f"{url}{path}", "name": "Page"},
                {
                    "@type": "NewsArticle",
                    "headline": headline,
                    "datePublished": at.isoformat(),
                    "author": [{"@type": "Person", "name": "Mara Lind"}, {"@type": "Person", "name": "Tom Ferrow"}],
                    "articleSection": "Politics",
                    "mainEntityOfPage": {"@id": f"{url}{path}"},
                },
            ],
        }
        head = (
            f"<title>{headline} - Tern Gazette</title><meta property='og:title' content='{headline}'>"
            f"<meta property='og:site_name' content='Tern Gazette'>"
            f"<script type='application/ld+json'>{json.dumps(linked)}</script>"
        )
        text = "".join(f"<p>{SENTENCE * 2}{headline}, part {part}.</p>" for part in range(4))
        body = f"<article><h1 class='entry-title'>{headline}</h1><div class='entry-content'>{text}</div></article>"
        site[path] = answer(_page(head, f"<header><nav><a href='/'>Home</a></nav></header>{body}").encode(), HTML)
        items.append(
            f"<item><title>{headline}</title><link>{url}{path}</link><category>Politics</category>"
            f"<pubDate>{at:%a, %d %b %Y %H:%M:%S} +0000</pubDate></item>"
        )
        cards.append(f"<article class='post'><h2><a href='{url}{path}'>{headline}</a></h2></article>")
    feed = (
        f'<?xml version="1.0"?><rss version="2.0"><channel><title>Tern Gazette</title>{"".join(items)}</channel></rss>'
    )
    head = (
        "<title>Tern Gazette – news of the valley</title>"
        "<link rel='alternate' type='application/rss+xml' title='Tern Gazette' href='/feed/'>"
        "<link rel='alternate' type='application/rss+xml' title='Comments' href='/comments/feed/'>"
        "<meta property='og:site_name' content='Tern Gazette'>"
    )
    site["/"] = answer(_page(head, "".join(cards)).encode(), HTML)
    site["/feed/"] = answer(feed.encode(), XML)
    return site


RUSSIAN = (
    *("Комитет по гавани отложил голосование", "Садоводы просят снизить плату за воду"),
    *("Ночные поезда вернутся на северную линию", "Городская библиотека открыла новое крыло"),
    *("Учителя и совет договорились о часах", "В музее нашли потерянную карту гавани"),
    *("Речной паром снова пойдёт весной", "Пожаров стало меньше, чем год назад"),
    *("Гребцы выиграли кубок через 19 лет", "Пекарь с Крачковой улицы получил приз"),
    *("Дождь закрыл две дороги в долине", "Больница добавит сорок коек к зиме"),
)


def static_site(_url: str, now: datetime) -> Site:
    """A static site in Russian: a list on its front page, printed views, and dates in words of its own day."""
    site: Site = {}
    cards = []
    local = now + timedelta(hours=4)
    for number, headline in enumerate(RUSSIAN[:COUNT]):
        path = f"/news/{104_200 - number}.html"
        at = local - timedelta(minutes=25 * number + 10)
        day = "Сегодня" if at.date() == local.date() else "Вчера"
        printed = f"{day}, {at:%H:%M}"
        sentence = "Комиссия собралась в третий раз за неделю и снова отложила решение о мосте через реку. "
        text = "".join(f"<p>{sentence * 2}{headline}, часть {part}.</p>" for part in range(4))
        body = (
            f"<div class='article'><h1>{headline}</h1><div class='info'><span class='date'>{printed}</span> "
            f"<span class='views'>Просмотров: {1_200 + number}</span></div><div class='text'>{text}</div></div>"
        )
        page = _page(f"<title>{headline} | Вестник долины</title>", body, "ru")
        site[path] = answer(page.encode(), HTML)
        cards.append(
            f"<div class='news-item'><a href='{path}'>{headline}: подробности дня</a>"
            f"<span class='date'>{printed}</span></div>"
        )
    front = _page("<title>Вестник долины</title>", f"<div class='list'>{''.join(cards)}</div>", "ru")
    return site | {"/": answer(front.encode(), HTML)}


def sitemap_site(url: str, now: datetime) -> Site:
    """A site whose pages are filled by script: robots.txt names an index of sitemaps, one of them of news."""
    site: Site = {
        "/robots.txt": answer(f"User-agent: *\nAllow: /\nSitemap: {url}/sitemap-index.xml\n".encode()),
        "/": answer(
            _page("<title>Orrin Wire</title>", "<div id='app'></div><script src='/app.js'></script>").encode(), HTML
        ),
    }
    rows = []
    for number, headline in enumerate(HEADLINES[:COUNT]):
        at = now - timedelta(hours=number + 1)
        path = f"/story/{_slug(headline)}-{88_000 + number}"
        zoned = (at + timedelta(hours=4)).strftime("%Y-%m-%dT%H:%M:%S+04:00")
        rows.append(
            f"<url><loc>{url}{path}</loc><news:news><news:publication><news:name>Orrin Wire</news:name>"
            f"<news:language>en</news:language></news:publication><news:publication_date>{zoned}</news:publication_date>"
            f"<news:title>{headline}</news:title></news:news></url>"
        )
        head = (
            f"<title>{headline}</title><meta property='og:title' content='{headline}'>"
            f"<meta property='article:published_time' content='{zoned}'>"
        )
        text = "".join(f"<p>{SENTENCE * 2}{headline}, part {part}.</p>" for part in range(4))
        site[path] = answer(_page(head, f"<main><h1>{headline}</h1><section>{text}</section></main>").encode(), HTML)
    namespaces = (
        'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
        'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"'
    )
    news = f"<urlset {namespaces}>{''.join(rows)}</urlset>"
    index = (
        f"<sitemapindex {namespaces}><sitemap><loc>{url}/sitemap-pages.xml</loc></sitemap>"
        f"<sitemap><loc>{url}/sitemap-news.xml.gz</loc><lastmod>{now:%Y-%m-%dT%H:%M:%SZ}</lastmod></sitemap></sitemapindex>"
    )
    pages = f"<urlset {namespaces}><url><loc>{url}/about</loc></url></urlset>"
    return site | {
        "/sitemap-index.xml": answer(index.encode(), XML),
        "/sitemap-news.xml.gz": answer(gzip.compress(news.encode()), b"Content-Type: application/gzip"),
        "/sitemap-pages.xml": answer(pages.encode(), XML),
    }


SITES = {"wordpress": wordpress_site, "static": static_site, "sitemap": sitemap_site}


def now() -> datetime:
    """Return the time at which the sites are made, in whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)
