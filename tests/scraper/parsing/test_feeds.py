"""Test the parsing of RSS, Atom and JSON feeds, valid and malformed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.errors import ChannelError
from scraper.parsing.feeds import parse_feed
from scraper.parsing.source_urls import SourceUrls
from storage.model.records import DatePrecision, FailureStage, Link
from tests.support.declared import HOME, SOURCE, SOURCE_URLS
from tests.support.site import bad_bytes

URL = f"{HOME}/rss.xml"
DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'
ITEM = (
    "<item><title>A title</title><link>https://caliber.az/en/post/a</link><category>POLITICS</category>"
    "<pubDate>Thu, 25 Jun 2026 17:24:00 +0400</pubDate></item>"
)
FULL = Link(
    url=f"{HOME}/en/post/a",
    channel=URL,
    title="A title",
    published_at=datetime(2026, 6, 25, 13, 24, tzinfo=UTC),
    published_raw="Thu, 25 Jun 2026 17:24:00 +0400",
    published_precision=DatePrecision.SECOND,
    sections=("politics",),
    language="en",
)


def rss(*items: str, before: str = DECLARATION) -> str:
    return f'{before}<rss version="2.0"><channel><title>t</title><link>{HOME}/</link>{"".join(items)}</channel></rss>'


def titled(title: str) -> str:
    return ITEM.replace("A title", title)


def read(feed: str | bytes, *, content_type: str | None = "application/rss+xml") -> tuple[Link, ...]:
    body = feed.encode("utf-8", "surrogatepass") if isinstance(feed, str) else feed
    return parse_feed(body, url=URL, urls=SOURCE_URLS, language=None, content_type=content_type).links


def refusal(body: bytes | str) -> ChannelError:
    with pytest.raises(ChannelError) as refused:
        read(body)
    assert refused.value.url == URL
    assert URL in str(refused.value)
    return refused.value


def test_rss() -> None:
    other = "<item><link>https://caliber.az/post/b</link></item>"
    assert read(rss(ITEM, other)) == (FULL, Link(url=f"{HOME}/post/b", channel=URL, language="ru"))


def test_atom() -> None:
    feed = f"""{DECLARATION}<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://caliber.az/en/">
        <entry><title type="html">A &lt;i&gt;title&lt;/i&gt;</title>
            <link rel="self" href="https://caliber.az/post/self"/><link href="post/a"/>
            <published>2026-06-25T17:24:00+04:00</published><category term="politics" label="POLITICS"/></entry>
        <entry><link rel="alternate" href="/en/post/b"/><updated>2026-06-25T17:24:00Z</updated></entry></feed>"""
    assert read(feed) == (
        replace(FULL, published_raw="2026-06-25T17:24:00+04:00"),
        Link(url=f"{HOME}/en/post/b", channel=URL, language="en"),  # when it was edited is not when it was published
    )


@pytest.mark.parametrize(
    ("base", "meant"),
    [
        ("", f"{HOME}/post/a"),
        (' xml:base="/en/"', f"{HOME}/en/post/a"),
        (' xml:base="en/"', f"{HOME}/en/post/a"),
        (' xml:base="../en/x"', f"{HOME}/en/post/a"),
        (' xml:base="https://caliber.az/en/rss"', f"{HOME}/en/post/a"),
    ],
)
def test_a_relative_link_is_resolved_against_the_base_that_the_feed_names_or_on_its_address(
    base: str, meant: str
) -> None:
    feed = f"""<rss version="2.0"{base}><channel><item><link>post/a</link></item></channel></rss>"""
    assert [link.url for link in read(feed)] == [meant]


@pytest.mark.parametrize("declared", ["xml:base CDATA", "base CDATA", "xml:base\tNMTOKEN"])
def test_so_it_does_on_one_that_the_feed_declares_for_each_entry(declared: str) -> None:
    """A default of an attribute, as a document type gives it (XML 1.0 §3.3.2)."""
    feed = f"""{DECLARATION}<!DOCTYPE rss [<!ATTLIST item {declared} "/en/">]><rss version="2.0"><channel>
        <item><link>post/a</link></item></channel></rss>"""
    assert [link.url for link in read(feed)] == [f"{HOME}/en/post/a"]


def test_json_feed() -> None:
    feed = """{"version": "https://jsonfeed.org/version/1.1", "items": [
        {"id": "1", "url": "/en/post/a", "title": "A title", "tags": ["POLITICS", 3],
         "date_published": "2026-06-25T17:24:00+04:00"}, 5, {"url": 7, "title": []}]}"""
    assert read(feed) == (replace(FULL, published_raw="2026-06-25T17:24:00+04:00"),)


@pytest.mark.parametrize("version", ['<rss version="0.91">', "<rss>"])
def test_rss_of_any_version(version: str) -> None:
    assert read(rss(ITEM).replace('<rss version="2.0">', version)) == (FULL,)


UNTIDY = {
    "a blank before the declaration": "\n " + rss(ITEM),
    "a byte order mark": "\ufeff" + rss(ITEM),
    "no declaration": rss(ITEM, before=""),
    "a wrong charset": rss(ITEM, before='<?xml version="1.0" encoding="windows-1251"?>'),
    "an unknown charset": rss(ITEM, before='<?xml version="1.0" encoding="klingon"?>'),
    "a warning before it": f"<br />\n<b>Warning</b>: x in /a.php<br />\n{rss(ITEM)}",
    "cut off": rss(ITEM)[:-20],
    "a plain DOCTYPE": rss(
        ITEM, before=f'{DECLARATION}<!DOCTYPE rss PUBLIC "-//Netscape//DTD RSS 0.91//EN" "http://a.example/rss.dtd">'
    ),
    "a style sheet": rss(ITEM, before=f'{DECLARATION}<?xml-stylesheet href="/a.xsl"?><!-- <html> -->'),
    "a control character": rss(titled("A \x0btitle\0")),
    "references that XML forbids": rss(titled("A title&#0;&#11;&#xD800;&#99999999;")),
    "a lone surrogate": rss(titled("A title\ud800")),
    "UTF-16": rss(ITEM).replace("UTF-8", "UTF-16").encode("utf-16"),
}


@pytest.mark.parametrize("feed", UNTIDY.values(), ids=UNTIDY)
def test_entries_win_over_complaints(feed: str | bytes) -> None:
    assert read(feed) == (FULL,)


@pytest.mark.parametrize("content_type", [None, "text/html", "text/xml", "application/xml; charset=windows-1251", "?"])
def test_utf8_is_utf8_whatever_the_header_says(content_type: str | None) -> None:
    assert read(rss(titled("Баку")), content_type=content_type)[0].title == "Баку"


@pytest.mark.parametrize("said", ["header", "declaration"])
def test_windows_1251(said: str) -> None:
    before = '<?xml version="1.0" encoding="windows-1251"?>' if said == "declaration" else '<?xml version="1.0"?>'
    content_type = "text/xml; charset=windows-1251" if said == "header" else "text/xml"
    assert read(rss(titled("Баку"), before=before).encode("cp1251"), content_type=content_type)[0].title == "Баку"


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("A &amp; B", "A & B"),
        ("<![CDATA[Rock &amp; r&#246;ll]]>", "Rock & röll"),
        ("<![CDATA[<b>Bo</b>ld<br>x]]>", "Bold x"),
        ("&lt;b&gt;Bo&lt;/b&gt;ld &amp;amp; 5 &lt; 6", "Bold & 5 < 6"),
        ("<![CDATA[<script>alert(1)</script>]]>", "alert(1)"),
        ("No&nbsp;break", "No break"),
        ("=cmd|' /C calc'!A0", "=cmd|' /C calc'!A0"),
        ("\u202eright to left", "right to left"),
        (" ", None),
    ],
)
def test_title(written: str, title: str | None) -> None:
    assert read(rss(titled(written)))[0].title == title


@pytest.mark.parametrize(
    "link", ["/en/post/a", "//www.caliber.az/en/post/a/", "http://caliber.az/en/post/a?utm_source=rss"]
)
def test_links_are_resolved_and_cleaned(link: str) -> None:
    (found,) = read(rss(ITEM.replace("https://caliber.az/en/post/a", link)))
    assert replace(found, request_url=None) == FULL


def test_one_guid_for_all_items() -> None:
    guid = '<guid isPermaLink="true">https://caliber.az/en/post/all</guid>'
    items = [f"<item>{guid}<link>{HOME}/post/{name}</link></item>" for name in "abc"]
    assert [link.url for link in read(rss(*items))] == [f"{HOME}/post/{name}" for name in "abc"]


def test_an_article_listed_twice_is_one_link() -> None:
    assert read(rss(ITEM.replace("POLITICS", "World"), ITEM)) == (replace(FULL, sections=("world", "politics")),)


@pytest.mark.parametrize(
    ("printed", "at"),
    [
        ("Fri, 25 Jun 2077 17:24:00 +0400", datetime(2077, 6, 25, 13, 24, tzinfo=UTC)),
        ("25 июня 2026, 17:24", datetime(2026, 6, 25, 13, 24, tzinfo=UTC)),
        ("Thu, 25 Jun 2026 17:24:00", datetime(2026, 6, 25, 13, 24, tzinfo=UTC)),
        ("2026-06-31T17:24:00Z", None),
        ("soon", None),
    ],
)
def test_dates(printed: str, at: datetime | None) -> None:
    (link,) = read(rss(ITEM.replace("Thu, 25 Jun 2026 17:24:00 +0400", printed)))
    assert (link.published_at, link.published_raw) == (at, printed)


def test_a_date_without_a_zone_is_in_that_of_the_source() -> None:
    source = replace(SOURCE, timezone="Europe/Berlin")
    body = rss(ITEM.replace(" +0400", "")).encode()
    (link,) = parse_feed(body, url=URL, urls=SourceUrls(source), language=None, content_type=None).links
    assert link.published_at == datetime(2026, 6, 25, 17, 24, tzinfo=ZoneInfo("Europe/Berlin"))


@pytest.mark.parametrize(
    ("channel", "default", "expected"),
    [("fr", "en", "fr"), (None, "fr", "fr"), (None, "en", "en"), ("en", "fr", "en")],
)
def test_the_language_of_a_channel_tells_day_from_month(channel: str | None, default: str, expected: str) -> None:
    source = replace(SOURCE, article_path=r"/post/.+", default_language=default)
    body = rss(
        ITEM.replace("/en/post", "/post").replace("Thu, 25 Jun 2026 17:24:00 +0400", "05/06/2026 17:24")
    ).encode()
    (link,) = parse_feed(body, url=URL, urls=SourceUrls(source), language=channel, content_type=None).links
    assert link.language == expected
    assert (link.published_at is not None) is (expected == "fr")


def test_small_entities_of_its_own_are_read() -> None:
    before = '<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY nbsp "&#160;"><!ENTITY az \'AZ\'>]>'
    assert read(rss(titled("No&nbsp;break"), before=before))[0].title == "No break"


@pytest.mark.parametrize(
    "declared",
    ['a "&b;&b;"', f'a "{"x" * 1000}"', 'a SYSTEM "file:///etc/passwd"', '% a SYSTEM "http://a.example/a.dtd"'],
)
def test_other_entities_are_refused(declared: str) -> None:
    error = refusal(rss(ITEM, before=f"{DECLARATION}<!DOCTYPE rss [<!ENTITY {declared}>]>"))
    assert error.stage is FailureStage.PARSE
    assert "entities" in error.reason


def test_an_entity_bomb_is_refused() -> None:
    assert refusal(bad_bytes.entity_bomb(f"{HOME}/en/post/a")).stage is FailureStage.PARSE


@pytest.mark.parametrize(
    ("body", "got"),
    [
        (bad_bytes.html_feed(), "HTML"),
        (bad_bytes.challenge_page(), "HTML"),
        (b"<html><body><pre>" + ITEM.encode(), "HTML"),
        (b"", "an empty answer"),
        (b"  \n", "an empty answer"),
        (b"/etc/passwd", "plain text"),
        (b"https://caliber.az/rss.xml", "plain text"),
        (b"<urlset><url><loc>https://caliber.az/en/post/a</loc></url></urlset>", "<urlset>"),
        (b'{"items": [{"url": "https://caliber.az/en/post/a"}]}', "JSON"),
        (b'{"a":' * 100_000, "JSON"),
        (bad_bytes.pdf(), "a PDF"),
        (bad_bytes.image(), "a picture"),
    ],
)
def test_what_is_no_feed_is_named(body: bytes, got: str) -> None:
    error = refusal(body)
    assert error.stage is FailureStage.NOT_A_FEED
    assert got in error.reason
    assert "channels in [sources.caliber]" in error.reason


@pytest.mark.parametrize(
    "feed",
    [
        rss(),
        rss(ITEM.replace("caliber.az", "other.az")),
        rss("<item><title>No link</title></item>"),
        '{"version": "https://jsonfeed.org/version/1.1", "items": null}',
    ],
)
def test_a_feed_without_an_article_is_an_empty_list(feed: str) -> None:
    error = refusal(feed)
    assert error.stage is FailureStage.EMPTY_LIST
    assert HOME in error.reason


PIECES = [
    "<rss>",
    "<item>",
    "</item>",
    "<link>/post/a</link>",
    "<title>",
    "<![CDATA[",
    "]]>",
    "&#xD800;",
    "&a;",
    "<!",
    "<!--",
]


@given(
    st.binary()
    | st.text().map(lambda text: rss(ITEM.replace("A title", text)).encode("utf-8", "surrogatepass"))
    | st.lists(st.sampled_from([*PIECES, '<?xml encoding="x"?>', "<!DOCTYPE rss [", "\ud800", " "]), max_size=15).map(
        lambda pieces: "".join(pieces).encode("utf-8", "surrogatepass")
    )
)
def test_no_bytes_raise_anything_but_a_channel_error(body: bytes) -> None:
    try:
        links = read(body)
    except ChannelError:
        return
    assert links
    assert {link.channel for link in links} == {URL}


def atom(*slugs: str) -> str:
    entries = (f"<entry><title>A title</title><link href='{HOME}/en/post/{slug}'/></entry>" for slug in slugs)
    return f'<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title>{"".join(entries)}</feed>'


OTHER = ITEM.replace("post/a", "post/a-b")
CUT = {
    "RSS": rss(ITEM, OTHER.replace("<pub", "<category>WORLD</category><pub")),
    "RSS in CDATA": rss(ITEM, OTHER.replace("<link>", "<link><![CDATA[").replace("</link>", "]]></link>")),
    "RSS by guid": rss(ITEM.replace("link>", "guid>"), OTHER.replace("link>", "guid>")),
    "RSS 1.0": (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">'
        f"<channel><title>t</title></channel>{ITEM}{OTHER}</rdf:RDF>"
    ),
    "Atom": atom("a", "a-b", "c"),
}


@pytest.mark.parametrize("feed", CUT.values(), ids=CUT)
def test_of_a_cut_feed_no_entry_is_read_in_part(feed: str) -> None:
    whole = read(feed)
    counts = []
    for end in range(feed.index("</title>"), len(feed)):
        try:
            links = read(feed[:end])
        except ChannelError:
            links = ()
        assert links == whole[: len(links)]
        counts.append(len(links))
    assert (counts[0], counts[-1]) == (0, len(whole))
    assert counts == sorted(counts)
