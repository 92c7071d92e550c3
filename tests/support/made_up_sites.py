"""Answers of made-up news sites: like WordPress, static in Russian, one that has only a sitemap, one of a group."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

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


def group_site(url: str, now: datetime) -> Site:
    """A site whose metadata name its group, while every title, also that for networks, ends with its own name."""
    site: Site = {}
    items = []
    group = "<meta property='og:site_name' content='Lind Media Group'>"
    for number, headline in enumerate(HEADLINES[:COUNT]):
        at, path = now - timedelta(hours=number + 1), f"/{_slug(headline)}-{number + 1}/"
        title = f"{headline} – Tern Gazette"
        head = f"{group}<title>{title}</title><meta property='og:title' content='{title}'>"
        text = "".join(f"<p>{SENTENCE * 2}{headline}, part {part}.</p>" for part in range(4))
        body = f"<h1>{title}</h1><time datetime='{at.isoformat()}'></time><article>{text}</article>"
        site[path] = answer(_page(head, body).encode(), HTML)
        items.append(f"<item><title>{headline}</title><link>{url}{path}</link></item>")
    feed = f'<?xml version="1.0"?><rss version="2.0"><channel><title>Tern</title>{"".join(items)}</channel></rss>'
    front = (
        f"{group}<title>Tern Gazette: news of the valley</title><link rel=alternate type=application/rss+xml href=/rss>"
    )
    return site | {"/": answer(_page(front, "<h1>News</h1>").encode(), HTML), "/rss": answer(feed.encode(), XML)}


RUBRICS = {"politika": "პოლიტიკა", "sporti": "სპორტი"}
BUSY_COUNT = 60
"""Articles of the busy site, one every ten minutes."""
FEED_COUNT = 10
LIST_COUNT = 30
"""Articles of its feed, and of each page of its list."""


def busy_site(url: str, now: datetime, *, has_list: bool = True) -> Site:
    """A busy site in Georgian: a feed of ten articles, a list in pages of thirty, sections with labels and slugs."""
    menu = "".join(f"<a href='/rubric/{slug}/'>{label}</a>" for slug, label in RUBRICS.items())
    nav = f"<nav><a href='/news/'>სიახლეები</a>{menu}<a href='/about'>ჩვენ შესახებ</a></nav>"
    site: Site = {}
    cards, items = [], []
    for number in range(BUSY_COUNT):
        at = now - timedelta(minutes=10 * number + 5)
        path = f"/article/{70_200 - number}-harbour-committee-meets"
        headline = f"{HEADLINES[number % COUNT]}, part {number}"
        slug, label = list(RUBRICS.items())[number % 2]
        crumbs = f"<div class='breadcrumb'><a href='/'>მთავარი</a><a href='/rubric/{slug}/'>{label}</a></div>"
        head = (
            f"<title>{headline}</title><meta property='og:title' content='{headline}'>"
            f"<meta property='article:published_time' content='{at:%Y-%m-%dT%H:%M:%SZ}'>"
        )
        text = "".join(f"<p>{SENTENCE * 2}{headline}, {part}.</p>" for part in range(4))
        body = f"{nav}{crumbs}<article><h1>{headline}</h1>{text}</article>"
        site[path] = answer(_page(head, body, "ka").encode(), HTML)
        stamp = f"<time datetime='{at:%Y-%m-%dT%H:%M:%SZ}'>{at:%H:%M}</time>"
        cards.append(f"<div class='card'><a href='{path}'>{headline}</a>{stamp}</div>")
        items.append(
            f"<item><title>{headline}</title><link>{url}{path}</link><pubDate>{format_datetime(at)}</pubDate></item>"
        )
    feed = f"<rss version='2.0'><channel><title>Wire</title>{''.join(items[:FEED_COUNT])}</channel></rss>"
    head = "<title>Busy Wire</title><link rel='alternate' type='application/rss+xml' href='/feed.xml'>"
    site["/feed.xml"] = answer(feed.encode(), XML)
    site["/"] = answer(_page(head, nav + "".join(cards[:FEED_COUNT]), "ka").encode(), HTML)
    for page in (1, 2) if has_list else ():
        shown = "".join(cards[(page - 1) * LIST_COUNT : page * LIST_COUNT])
        pager = "<div class='pager'><a href='?page=1'>1</a><a href='?page=2'>2</a></div>"
        path = "/news/" if page == 1 else f"/news/?page={page}"
        site[path] = answer(_page("<title>News</title>", nav + shown + pager, "ka").encode(), HTML)
    return site


PARTS = {"thoi-su": "Thời sự", "kinh-te": "Kinh tế", "the-gioi": "Thế giới"}
PART_COUNT = 24
"""Articles of the site in parts, half of them on its front page."""


def site_in_parts(now: datetime) -> Site:
    """A static site in Vietnamese without classes that tell: parts in the addresses, day and time apart, counts."""
    menu = "".join(f"<li><a href='/{slug}/'>{label}</a></li>" for slug, label in PARTS.items())
    menu = f"<div class='menu'><ul>{menu}<li><a href='/tin-moi/'>Tin mới nhất</a></li></ul></div>"
    site: Site = {}
    cards = []
    for number in range(PART_COUNT):
        at = now + timedelta(hours=7) - timedelta(minutes=40 * number + 5)
        slug, label = list(PARTS.items())[number % 3]
        headline, path = f"{HEADLINES[number % COUNT]}, phần {number}", f"/{slug}/bai-viet-{48_200 - number}.html"
        trail = f"<div class='duongdan'><a href='/'>Trang chủ</a> &raquo; <a href='/{slug}/'>{label}</a></div>"
        day = f"<span class='ngay'>{at.day}/{at.month}/{at.year}</span> <span class='gio'>{at:%H:%M}</span>"
        count = f"<span class='luotxem'>Lượt xem: {1_200 + number:,}</span>".replace(",", ".")
        photo = "<table><tr><td><img src='/a.jpg'></td></tr><tr><td>Ảnh minh họa. Ảnh: Tern</td></tr></table>"
        text = "".join(f"<p>{SENTENCE * 2}{headline}, {part}.</p>" for part in range(4))
        other = "<div class='tinlienquan'><b>Tin liên quan</b><a href='/thoi-su/bai-viet-47000.html'>"
        other += "Một bài viết khác về cây cầu</a></div><p class='tacgia'><b>Nguyễn Hoàng Anh - Trần Thị Thu Hà</b></p>"
        top = f"<h1>{headline}</h1><div class='thongtin'>{day} {count}</div>"
        body = f"{menu}{trail}<div class='chitiet'>{top}<div class='noidung'>{photo}{text}{other}</div></div>"
        site[path] = answer(_page(f"<title>{headline} | Báo Tern</title>", body, "vi").encode(), HTML)
        printed = f"<span class='luc'>{at:%H:%M} {at:%d/%m/%Y}</span>"
        cards.append(f"<li><h3><a href='{path}'>{headline}</a></h3>{printed}</li>")
    half = PART_COUNT // 2
    pager = "<div><a href='/tin-moi/'>1</a><a href='/tin-moi/trang-2.html'>2</a></div>"
    for path, some in (("/", cards[:half]), ("/tin-moi/", cards[:half]), ("/tin-moi/trang-2.html", cards[half:])):
        listed = f"{menu}<ul class='danhsach'>{''.join(some)}</ul>{pager if path != '/' else ''}"
        site[path] = answer(_page("<title>Báo Tern</title>", listed, "vi").encode(), HTML)
    return site


SITES = {"wordpress": wordpress_site, "static": static_site, "sitemap": sitemap_site}


def now() -> datetime:
    """Return the time at which the sites are made, in whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)
