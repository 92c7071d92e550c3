"""Fields of small pages without selectors, and beside selectors that find nothing valid: one fault a page."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from scraper.errors import PageError
from scraper.parsing.source_urls import SourceUrls
from scraper.reading.article_page import ArticlePage
from scraper.reading.candidates import Candidate
from scraper.source import PageSelectors, Source
from storage.model.records import ParsedPage
from tests.support.growth import assert_linear

URL = "https://news.example.az/en/politics/quake-shakes-baku-123456"
TITLE = "Quake shakes Baku and Sumgait"
NOW = datetime(2026, 11, 5, 12, 0, tzinfo=UTC)
AT = "2026-11-04T15:30:00+04:00"
OG = f'<meta property="og:title" content="{TITLE}">'
H1 = f"<h1>{TITLE}</h1>"


def load(head: str, body: str = "", *, url: str = URL, language: str = "", **selectors: Any) -> ArticlePage:
    source = Source(
        name="example",
        title="Example News",
        base_url="/".join(url.split("/")[:3]),
        timezone="Asia/Baku",
        channels=(),
        default_language=language,
        page=PageSelectors(**selectors),
    )
    markup = f"<!DOCTYPE html><html><head>{head}</head><body>{body}<p>The ground shook for a minute.</p></body></html>"
    return ArticlePage(markup.encode(), url=url, source=source, urls=SourceUrls(source), fetched_at=NOW)


def read(head: str, body: str = "", **about: Any) -> ParsedPage:
    return load(head, body, **about).parse()


def ld(*items: Any) -> str:
    return "".join(f'<script type="application/ld+json">{json.dumps(item)}</script>' for item in items)


def article(**properties: Any) -> dict[str, Any]:
    return {"@context": "https://schema.org", "@type": "NewsArticle", "headline": TITLE, **properties}


@pytest.mark.parametrize(
    ("head", "body", "title", "provenance"),
    [
        (OG, H1, TITLE, "h1"),
        (OG, f"<h1>Example News</h1>{H1}", TITLE, "h1"),
        (f"<title>{TITLE} | Example News</title>", f"<h1>Latest</h1>{H1}", TITLE, "h1"),
        (f"<title>{TITLE}</title>", f"<h1><span>Breaking</span><span>{TITLE}</span></h1>", TITLE, "h1"),
        (OG, f"<h1>{TITLE.upper()}</h1>", TITLE, "meta og:title"),
        (f"{OG}<title>{TITLE}</title>", f"<h1>4 Nov 2026 {TITLE}</h1>", TITLE, "meta og:title"),
        (f"{OG}<title>{TITLE}</title>", f"<h1>{TITLE} (12)</h1>", TITLE, "meta og:title"),
        (OG, "<h1>Search</h1>", TITLE, "meta og:title"),
        (ld(article()), "", TITLE, "JSON-LD headline"),
        (f'<meta name="twitter:title" content="{TITLE} - Example News">', "", TITLE, "meta twitter:title"),
        (f"<title>Example News » {TITLE}</title>", "", TITLE, "title"),
        (
            f'<meta property="og:site_name" content="The Example"><title>{TITLE} — The Example</title>',
            "",
            TITLE,
            "title",
        ),
        (f"<title>{TITLE} &amp;#8212; now</title>", "", f"{TITLE} — now", "title"),
        ("", H1, TITLE, "h1"),
        ("<title>Quake: 5 – 6 on the scale</title>", "", "Quake: 5 – 6 on the scale", "title"),
    ],
)
def test_the_title_is_the_heading_that_a_statement_confirms(head: str, body: str, title: str, provenance: str) -> None:
    page = read(head, body)
    assert (page.article.title, page.provenance["title"]) == (title, provenance)


def test_a_headline_that_is_cut_short_comes_after_the_whole_one() -> None:
    whole = (
        f"{TITLE} for the third time in a week, while the ministry of emergency situations tells people to stay calm"
    )
    assert (
        read(ld(article(headline=whole[:50])) + f'<meta property="og:title" content="{whole}">').article.title == whole
    )


@pytest.mark.parametrize("kind", ["VideoObject", "Comment", "WebPage", "Organization", "ImageObject", "Event"])
@pytest.mark.parametrize("where", ["beside", "within"])
def test_only_the_article_gives_title_date_and_author(kind: str, where: str) -> None:
    other = {
        "@type": kind,
        "name": "Another",
        "headline": "Another",
        "datePublished": "2020-01-01T00:00:00Z",
        "uploadDate": "2020-01-01T00:00:00Z",
        "author": {"@type": "Person", "name": "Somebody Else"},
        "url": URL,
    }
    items = [other] if where == "beside" else [article(video=other, comment=[other], about=other)]
    page = read(ld(*items) + f"<title>{TITLE}</title>").article
    assert (page.title, page.published_at, page.authors) == (TITLE, None, ())


def test_a_related_article_gives_nothing() -> None:
    related = article(headline="Storm over Ganja", url=f"{URL}7", datePublished=AT, author={"name": "Ann Lee"})
    page = read(ld(related, {"@type": "ItemList", "itemListElement": [article(datePublished=AT)]}) + OG).article
    assert (page.title, page.published_at, page.authors) == (TITLE, None, ())


LD_FAULTS = {
    "raw newline": '{"@type": "NewsArticle", "description": "one\ntwo", "datePublished": "%s"}',
    "trailing comma": '{"@type": "NewsArticle", "keywords": ["a",], "datePublished": "%s",}',
    "CDATA": '//<![CDATA[\n{"@type": "NewsArticle", "datePublished": "%s"}\n//]]>',
    "comment": '<!--{"@type": "NewsArticle", "datePublished": "%s"}-->',
    "text after the end": '{"@type": "NewsArticle", "datePublished": "%s"};',
    "stray backslash": r'{"@type": "NewsArticle", "description": "it\'s", "datePublished": "%s"}',
    "mainEntity": '{"@type": "WebPage", "mainEntity": {"@type": "NewsArticle", "datePublished": "%s"}}',
    "graph": '{"@graph": [{"@type": "WebSite"}, {"@type": ["NewsArticle"], "datePublished": ["%s"]}]}',
}


@pytest.mark.parametrize("script", LD_FAULTS.values(), ids=LD_FAULTS)
@pytest.mark.parametrize("kind", ["application/ld+json", "Application/LD+JSON; charset=utf-8", " application/ld+json "])
def test_damaged_json_ld_is_read(script: str, kind: str) -> None:
    page = read(f'<script type="{kind}">{script % AT}</script>{OG}')
    assert (page.article.published_at, page.provenance["published_at"]) == (
        datetime.fromisoformat(AT),
        "JSON-LD datePublished",
    )


EXACT_PLACES = {
    "meta": (f'<meta property="article:published_time" content="{AT}">', ""),
    "other meta": (f'<meta itemprop="datePublished" content="{AT}">', ""),
    "meta by prefix": (f'<meta name="awa-publishedDate" content="{AT}">', ""),
    "JSON-LD": (ld(article(datePublished=AT)), ""),
    "time": ("", f'{H1}<time datetime="{AT}">4 Nov</time>'),
    "itemprop": (
        "",
        (
            '<div itemscope itemtype="https://schema.org/NewsArticle">'
            f'<span itemprop="datePublished" content="{AT}">4 Nov</span></div>'
        ),
    ),
}


@pytest.mark.parametrize(
    "printed", ["2 hours ago", "4 November 2026, 15:30 | Read 5 minutes", "4 November 2026, 15:00", ""]
)
@pytest.mark.parametrize(("head", "body"), EXACT_PLACES.values(), ids=EXACT_PLACES)
def test_a_printed_date_does_not_hide_an_exact_instant(head: str, body: str, printed: str) -> None:
    page = read(OG + head, f'{body}<div class="when">{printed}</div>', published=(".when",)).article
    assert page.published_at == datetime.fromisoformat(AT)
    assert "published_at" not in {problem.field for problem in page.problems}


@pytest.mark.parametrize(
    ("printed", "raw"),
    [
        ("2 November 2026, 15:30", "2 November 2026, 15:30"),  # more than a day from the metadata, which are of a rerun
        ("4 November 2026, 15:30 UTC", "4 November 2026, 15:30 UTC"),
    ],
)
def test_a_printed_date_stays_if_it_is_exact_or_another_day(printed: str, raw: str) -> None:
    head = OG + f'<meta property="article:published_time" content="{AT}">'
    page = read(head, f'<div class="when">{printed}</div>', published=(".when",))
    assert (page.article.published_raw, page.provenance["published_at"]) == (raw, ".when")


@pytest.mark.parametrize(
    ("head", "body", "url", "raw", "provenance"),
    [
        ("", f'{H1}<div class="article-date">4 November 2026</div>', URL, "4 November 2026", "class article-date"),
        (
            "",
            f'<div class="relatedDate related">1 May 2026</div>{H1}<p>4 November 2026</p>',
            URL,
            "4 November 2026",
            None,
        ),
        ("", f"{H1}<p>Baku, 4 November 2026, by our own correspondent</p>", URL, "4 November 2026", None),
        ("<script>var page = {publishedAt: '2026-11-04T15:30:00Z'}</script>", H1, URL, "2026-11-04T15:30:00Z", None),
        ("", H1, "https://news.example.az/2026/11/04/quake", "2026-11-04", "address"),
        ("", H1, "https://news.example.az/quake-20261104", "2026-11-04", "address"),
        ("", f'<aside><time datetime="2026-11-01">1 Nov</time></aside>{H1}', URL, None, None),
        ("", f'{H1}<time class="updated" datetime="2026-11-01">1 Nov</time>', URL, None, None),
        ("", f"{H1}<p>Cabernet Franc Rosé 2022</p>", URL, None, None),
        ("", f"{H1}<p>Updated 4 November 2026</p>", URL, None, None),
        ("", f"{H1}<p><i>Last updated</i> <b>4 November 2026</b></p>", URL, None, None),
        ("", f"{H1}<p>© 4 November 2026 Example News</p>", URL, None, None),
        ("", f"{H1}<p>The next meeting of the club of friends will be on 5 February 2026 at noon</p>", URL, None, None),
        ("", f"{H1}<p>In his letter of 5 February 2026 to the members of the club he said more</p>", URL, None, None),
        ("", f"{H1}<p>4 November 2027</p>", URL, "4 November 2027", None),
    ],
)
def test_without_metadata_the_date_near_the_heading_counts(
    head: str, body: str, url: str, raw: str | None, provenance: str | None
) -> None:
    page = read(OG + head, body, url=url)
    assert page.article.published_raw == raw
    assert provenance in {None, page.provenance.get("published_at")}


@pytest.mark.parametrize(
    ("head", "body", "authors"),
    [
        (ld(article(author={"@type": "Person", "name": "Ann Lee"})), "", ("Ann Lee",)),
        (ld(article(author=[{"name": "Ann Lee"}, {"name": "Bo Wu"}])), "", ("Ann Lee", "Bo Wu")),
        (ld(article(author={"name": ["Ann Lee", "Bo Wu"]})), "", ("Ann Lee", "Bo Wu")),
        (ld(article(author={"@id": "#a"}), {"@type": "Person", "@id": "#a", "name": "Ann Lee"}), "", ("Ann Lee",)),
        (ld(article(author="By Ann Lee and Bo Wu")), "", ("Ann Lee", "Bo Wu")),
        ('<meta name="author" content="Ann Lee, Bo Wu">', "", ("Ann Lee", "Bo Wu")),
        ('<meta name="author" content="Ann Lee, chief reporter">', "", ("Ann Lee",)),
        (
            '<meta name="author" content="Nguyễn Hoàng Anh - Trần Thị Thu Hà">',
            "",
            ("Nguyễn Hoàng Anh", "Trần Thị Thu Hà"),
        ),
        ('<meta name="author" content="Ann Lee – chief reporter">', "", ("Ann Lee",)),
        ('<meta name="author" content="Ann Lee-Wu">', "", ("Ann Lee-Wu",)),
        ('<meta name="author" content="Ann Lee (Reuters)">', "", ("Ann Lee",)),
        ('<meta name="author" content="Von Anna Groß und Bo Wu, dpa">', "", ("Anna Groß", "Bo Wu", "dpa")),
        ('<meta name="author" content="Автор: Анна Ли и Борис Ву">', "", ("Анна Ли", "Борис Ву")),
        ('<meta name="author" content="ann@example.az">', "", ()),
        ('<meta name="author" content="https://facebook.com/ann">', "", ()),
        ('<meta name="author" content="admin">', "", ()),
        ('<meta name="author" content="42">', "", ()),
        ('<meta name="author" content="Example News">', "", ()),
        ('<meta name="author" content="Example News">', '<a rel="author" href="/a">Ann Lee</a>', ("Ann Lee",)),
        (ld(article(author={"@type": "Organization", "name": "Ex"}, publisher={"name": "Ex"})), "", ("Ex",)),
        ("", f'{H1}<p class="byline">By <a href="/x">Ann Lee</a> and <a href="/y">Bo Wu</a></p>', ("Ann Lee", "Bo Wu")),
        ("", f'{H1}<div class="article-byline"><span>Ann Lee</span><span>Bo Wu</span></div>', ("Ann Lee", "Bo Wu")),
        ("", f'{H1}<p>von <a href="/autoren/name/ann-lee">Ann Lee</a></p>', ("Ann Lee",)),
        ("", f'{H1}<p><a href="/author/list">All about the DW</a></p>', ()),
        ("", f'{H1}<p class="author">Beitrag</p>', ()),
        ("", f'{H1}<p>Text.</p><p class="tac-gia"><strong>Nguyễn Hoàng An</strong></p>', ("Nguyễn Hoàng An",)),
        (
            '<meta property="og:site_name" content="Jobs &amp; Hire"><meta name="author" content="Jobs &amp; Hire">',
            "",
            ("Jobs & Hire",),
        ),
        ("", f'{H1}<div class="author-social">Twitter Facebook</div>', ()),
        ("", f'{H1}<div class="comments"><b class="author">Troll</b></div>', ()),
        ("", f'<aside><p class="author">Somebody Else</p></aside>{H1}', ()),
    ],
)
def test_authors_are_a_list_of_names(head: str, body: str, authors: tuple[str, ...]) -> None:
    page = read(OG + head, body).article
    assert (page.authors, page.author) == (authors, ", ".join(authors) or None)


def test_the_byline_of_a_selector_comes_first_and_a_byline_without_a_name_hides_none() -> None:
    head = OG + '<meta name="author" content="Ann Lee">'
    assert read(head, '<i class="by">By Bo Wu</i>', author=(".by",)).article.authors == ("Bo Wu",)
    assert read(head, '<i class="by">Example News</i>', author=(".by",)).article.authors == ("Ann Lee",)


def test_a_site_that_is_named_by_its_host_alone_may_be_the_author() -> None:
    source = Source(
        name="example.az",
        title="example.az",
        base_url="https://example.az",
        timezone="UTC",
        channels=(),
        default_language="",
    )
    markup = f'<head>{OG}<meta name="author" content="example.az"></head>'.encode()
    page = ArticlePage(markup, url=f"{source.base_url}/a", source=source, urls=SourceUrls(source), fetched_at=NOW)
    assert page.parse().article.authors == ("example.az",)


def crumbs(*names: str) -> dict[str, Any]:
    steps = [
        {"@type": "ListItem", "position": place, "name": name, "item": f"https://news.example.az/{name.lower()}"}
        for place, name in enumerate(names, 1)
    ]
    return {"@type": "BreadcrumbList", "itemListElement": list(reversed(steps))}


@pytest.mark.parametrize(
    ("head", "body", "sections", "provenance"),
    [
        (ld(crumbs("Home", "Politics", TITLE)), "", ("politics",), "JSON-LD BreadcrumbList"),
        (ld(crumbs("Главная", "Политика")), "", ("политика",), "JSON-LD BreadcrumbList"),
        (ld(article(articleSection=["Politics", "Army"])), "", ("politics", "army"), "JSON-LD articleSection"),
        (
            '<meta property="article:section" content="Politics > Army">',
            "",
            ("politics", "army"),
            "meta article:section",
        ),
        (
            "",
            '<ul class="breadcrumbs"><li><a href="/">Əsas səhifə</a><li><a href="/siyaset/">Siyasət</a></ul>',
            ("siyasət", "siyaset"),
            "breadcrumbs",
        ),
        (
            "",
            f'<div class="way"><a href="/">Trang chủ</a> &raquo; <a href="/thoi-su/">Thời sự</a></div>{H1}',
            ("thời sự", "thoi-su"),
            "breadcrumbs",
        ),
        (
            "",
            f'<p><a href="/">Inicio</a> <i>/</i> <a href="/x/">Política</a> <i>/</i> <a href="#">{TITLE}</a></p>{H1}',
            ("política", "x"),
            "breadcrumbs",
        ),
        ("", f'<div class="menu"><a href="/">Home</a> | <a href="/x/">Sport</a></div>{H1}', ("politics",), "address"),
        ("", f'{H1}<div><a href="/">Home</a> / <a href="/x/">Privacy</a></div>', ("politics",), "address"),
        ("", "", ("politics",), "address"),
    ],
)
def test_sections(head: str, body: str, sections: tuple[str, ...], provenance: str) -> None:
    page = read(OG + head, body)
    assert (page.article.sections, page.provenance["sections"]) == (sections, provenance)


@pytest.mark.parametrize(
    ("url", "sections"),
    [
        ("https://news.example.az/az/2026/11/04/quake", ()),
        ("https://news.example.az/article/123/quake", ()),
        ("https://news.example.az/news/iqtisadiyyat/quake-in-baku", ("iqtisadiyyat",)),
    ],
)
def test_sections_of_an_address(url: str, sections: tuple[str, ...]) -> None:
    assert read(OG, url=url).article.sections == sections


@pytest.mark.parametrize(
    ("head", "about", "language", "provenance"),
    [
        ("", {"language": "az"}, "az", "address"),
        ('<meta property="og:locale" content="ru_RU">', {}, "ru", "meta og:locale"),
        (ld(article(inLanguage="eng")), {}, "en", "JSON-LD inLanguage"),
        ('<meta http-equiv="Content-Language" content="xx, nothing">', {}, "en", "text"),
    ],
)
def test_language(head: str, about: dict[str, str], language: str, provenance: str) -> None:
    page = load(
        OG + head, "<p>The minister said that the people of the city are in the parks and that it is over.</p>", **about
    )
    found = page.parse_language("The minister said that the people of the city are in the parks and that it is over.")
    assert (found.value, found.provenance) == (language, provenance)


def test_html_lang_is_read_as_a_code() -> None:
    source = load(OG).source
    markup = f'<html lang="rus-RU"><head>{OG}</head><p>Text</p></html>'.encode()
    page = ArticlePage(markup, url=URL, source=source, urls=SourceUrls(source), fetched_at=NOW).parse()
    assert (page.article.language, page.provenance["language"]) == ("ru", "html lang")


@pytest.mark.parametrize(
    ("head", "body", "image"),
    [
        ('<meta property="og:image" content="/a.jpg">', "", "https://news.example.az/a.jpg"),
        ('<base href="/media/"><meta property="og:image" content="a.jpg">', "", "https://news.example.az/media/a.jpg"),
        (
            '<meta property="og:image" content="data:image/gif;base64,R0"><meta name="twitter:image" content="/b.jpg">',
            "",
            "https://news.example.az/b.jpg",
        ),
        (
            '<meta property="og:image" content="/a.jpg">',
            '<img class="cover" src="data:image/gif;base64,R0">',
            "https://news.example.az/a.jpg",
        ),
        (
            ld(article(image={"@type": "ImageObject", "url": "https://cdn.example.az/c.jpg"})),
            "",
            "https://cdn.example.az/c.jpg",
        ),
        (ld(article(image=["javascript:1", "//cdn.example.az/d.jpg"])), "", "https://cdn.example.az/d.jpg"),
        ('<link rel="image_src" href="/e.jpg">', "", "https://news.example.az/e.jpg"),
        ("", "", None),
    ],
)
def test_image(head: str, body: str, image: str | None) -> None:
    assert read(OG + head, body, cover=(".cover",)).article.image_url == image


@pytest.mark.parametrize(
    ("head", "is_article"),
    [
        (f'<link rel="canonical" href="{URL}">', True),
        ('<link rel="canonical" href="https://other.example.az/a">', True),
        (f'<link rel="canonical" href="/"><meta property="og:url" content="{URL}">', True),
        ('<link rel="canonical" href="/"><title>Quake shakes Baku</title>', True),
        ('<link rel="canonical" href="/"><title>Welcome to the latest</title>', False),
    ],
)
def test_a_page_that_says_it_is_the_home_page_is_none_unless_it_says_more(head: str, is_article: bool) -> None:
    if is_article:
        assert read(head + "<title>Quake shakes Baku</title>").article.url == URL
    else:
        with pytest.raises(PageError, match="home page"):
            read(head)


def test_the_candidates_that_lost_are_evidence() -> None:
    page = load(OG + f'<meta property="article:published_time" content="{AT}">' + ld(article(datePublished=AT)), H1)
    page.parse()
    evidence: dict[str, tuple[Candidate[Any], ...]] = page.evidence()
    assert [one.provenance for one in evidence["title"]] == ["JSON-LD headline", "meta og:title"]
    assert [one.provenance for one in evidence["published_at"]] == ["meta article:published_time"]


HOSTILE: dict[str, Callable[[int], tuple[str, str]]] = {
    "titles": lambda n: (f'<meta property="og:title" content="{"a b c d " * 8}">' * (900 * n), H1),
    "addresses": lambda n: (
        OG + f'<link rel="canonical" href="/x/y"><meta property="og:url" content="{URL}x">' * 900 * n,
        H1,
    ),
    "articles": lambda n: (ld([article(headline="x" * 50, url=[f"{URL}x"] * 50)] * (150 * n)) + OG, H1),
    "authors": lambda n: (OG + ld(*[article(author=[{"name": "Ann Lee and Bo Wu"}] * 50)] * (20 * n)), H1),
    "trails": lambda n: (OG + ld([crumbs(*["Politics"] * 50)] * (75 * n)), H1),
    "pictures": lambda n: (OG + ld([article(image=["javascript:x"] * 50)] * (200 * n)), H1),
    "nested dates": lambda n: (OG, H1 + '<div class="date">' * (750 * n) + "word " * (30_000 * n)),
    "nested bylines": lambda n: (
        OG,
        H1 + '<div class="byline">' * (750 * n) + '<a href="/author/x">x</a>' * (10_000 * n),
    ),
    "classes": lambda n: (OG, H1 + f'<div class="{"a b " * (90_000 * n)}">' + "<time>x</time>" * (10_000 * n)),
    "unclosed strings": lambda n: (
        OG + '<script type="application/ld+json">{"' + '\\"' * (300_000 * n) + "</script>",
        H1,
    ),
}


@pytest.mark.long
@pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_page_is_read_in_no_more_than_its_length(make: Callable[[int], tuple[str, str]]) -> None:
    pages = {size: make(size) for size in (1, 2)}
    assert_linear(lambda size: read(*pages[size]), 1)
