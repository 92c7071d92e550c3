"""Test the parsing of listing pages and the errors of pages without links."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from scraper.errors import ChannelError
from scraper.parsing.list_page import parse_listing_page
from scraper.parsing.source_urls import SourceUrls
from scraper.source import TeaserSelectors
from storage.model.records import DatePrecision, FailureStage, Link
from tests.support.declared import HOME, SOURCE
from tests.support.site import bad_bytes

URL = f"{HOME}/en/category/politics"
FULL = Link(
    url=f"{HOME}/en/post/a",
    channel=URL,
    title="A title",
    published_at=datetime(2025, 1, 16, 13, 36, tzinfo=UTC),
    published_raw="16 January 2025 17:36",
    published_precision=DatePrecision.MINUTE,
    sections=("politics",),
    language="en",
)


def card(
    href: str = f"{HOME}/en/post/a",
    *,
    title: str = "A title",
    label: str = "POLITICS",
    section: str = f"{HOME}/en/category/politics",
    at: str = "16 January 2025 17:36",
) -> str:
    return (
        f'<div class="wide float_block"><a href="{href}"><div class="float_block_image_block">'
        f'<div class="float_block_image" style="background-image:url(/media/a.webp)"></div></div></a>'
        f'<a href="{href}"><h2 class="float_block_title">{title}</h2></a>'
        f'<div class="float_block_bottom"><a href="{section}"><div class="float_block_category">{label}</div></a>'
        f'<div class="float_block_time">{at}</div></div></div>'
    )


def page(*cards: str) -> bytes:
    menu = '<a href="/en/post/not-on-a-card">menu</a>'
    return f"<html><body>{menu}<div class='float_blocks'>{''.join(cards)}</div></body></html>".encode()


def read(
    body: bytes, *, content_type: str | None = "text/html; charset=utf-8", base_url: str | None = None
) -> tuple[Link, ...]:
    urls = SourceUrls(SOURCE, base_url)
    return parse_listing_page(body, url=URL, source=SOURCE, urls=urls, language="en", content_type=content_type)


def refusal(body: bytes) -> ChannelError:
    with pytest.raises(ChannelError) as refused:
        read(body)
    assert refused.value.url == URL
    assert URL in str(refused.value)
    return refused.value


def test_a_card_is_one_link_with_its_hints() -> None:
    assert read(page(card())) == (FULL,)


def test_links_keep_the_order_of_the_page() -> None:
    found = read(page(card("/en/post/c"), card("../post/a?utm_source=x"), card("/post/b#top")))
    assert [link.url for link in found] == [f"{HOME}/en/post/c", f"{HOME}/en/post/a", f"{HOME}/post/b"]
    assert [link.language for link in found] == ["en", "en", "ru"]


def test_a_copy_lists_its_own_addresses() -> None:
    assert [link.url for link in read(page(card()), base_url="http://127.0.0.1:8099")] == [
        "http://127.0.0.1:8099/en/post/a"
    ]


def test_section_from_label_and_slug() -> None:
    (link,) = read(page(card("/post/a", label="ПОЛИТИКА", section="/category/politika/?x=1")))
    assert link.sections == ("политика", "politika")


def test_cards_of_one_article_are_one_link() -> None:
    again = card(title="Shorter", label="WORLD", section="/en/category/world")
    assert read(page(card(at=""), again, card("/en/post/b"))) == (
        replace(FULL, sections=("politics", "world")),
        replace(FULL, url=f"{HOME}/en/post/b"),
    )


def test_cards_without_an_article_of_the_source_are_passed_over() -> None:
    others = ("https://evil.example/en/post/x", "javascript:alert(1)", "/en/category/world", "http://[::1", "")
    assert read(page(*map(card, others), card())) == (FULL,)


def test_a_card_left_open_gives_no_hints_to_the_wrong_article() -> None:
    found = read(page('<div class="float_block"><a href="/en/post/first"></a>', card()))
    assert found == (Link(url=f"{HOME}/en/post/first", channel=URL, language="en"), FULL)


@pytest.mark.parametrize(
    ("markup", "title"),
    [
        ("One<br>two", "One two"),
        ("Karabakh's <b>re</b>turn", "Karabakh's return"),
        ("A &amp; B\u00a0<script>alert(1)</script>", "A & B"),
        ("zero\u200b\u202ewidth", "zerowidth"),
        ("  ", None),
    ],
)
def test_title(markup: str, title: str | None) -> None:
    assert read(page(card(title=markup)))[0].title == title


def test_a_date_nobody_can_read_keeps_its_words() -> None:
    (link,) = read(page(card(at="25 ሰኔ 2026 17:24")))
    assert (link.published_at, link.published_raw) == (None, "25 ሰኔ 2026 17:24")


TIMES = '25.06</div><div class="float_block_time">17:24'
NOW = datetime(2026, 6, 25, 21, 0, tzinfo=UTC)  # 01:00 of the 26th in Baku


@pytest.mark.parametrize(
    ("printed", "at", "raw"),
    [
        ("25 iyun, 17:24", datetime(2026, 6, 25, 13, 24, tzinfo=UTC), "25 iyun, 17:24"),
        ("27 iyun", datetime(2025, 6, 27, tzinfo=UTC), "27 iyun"),
        ("19:00", datetime(2026, 6, 25, 15, 0, tzinfo=UTC), "19:00"),
        ("dünən, 17:24", datetime(2026, 6, 25, 13, 24, tzinfo=UTC), "dünən, 17:24"),
        (TIMES, datetime(2026, 6, 25, 13, 24, tzinfo=UTC), "25.06 17:24"),
        (TIMES.replace("25.06", "25 June 2026"), datetime(2026, 6, 25, 13, 24, tzinfo=UTC), "25 June 2026 17:24"),
        (TIMES.replace("25.06", "5 min"), datetime(2026, 6, 25, 13, 24, tzinfo=UTC), "17:24"),
        (TIMES.replace("17:24", "5 min"), None, "25.06"),
    ],
)
def test_a_date_that_needs_the_time_of_the_poll(printed: str, at: datetime | None, raw: str) -> None:
    (link,) = parse_listing_page(
        page(card(at=printed)),
        url=URL,
        source=SOURCE,
        urls=SourceUrls(SOURCE),
        language="az",
        content_type=None,
        polled_at=NOW,
    )
    assert (link.published_at, link.published_raw) == (at, raw)


@pytest.mark.parametrize("printed", ["25 iyun, 17:24", "19:00", "dünən, 17:24"])
def test_without_it_such_a_date_stays_open(printed: str) -> None:
    (link,) = read(page(card(at=printed)))
    assert (link.published_at, link.published_raw) == (None, printed)


def test_broken_html() -> None:
    assert [link.url for link in read(bad_bytes.broken_html(page(card(), card("/en/post/b"))))] == [
        f"{HOME}/en/post/a",
        f"{HOME}/en/post/b",
    ]


@pytest.mark.parametrize(
    ("head", "content_type"),
    [("", "text/html; charset=windows-1251"), ('<meta charset="windows-1251">', "text/html"), ("", None)],
)
def test_windows_1251(head: str, content_type: str | None) -> None:
    body = (head + card(title="Баку и Москва")).encode("windows-1251")
    assert read(body, content_type=content_type)[0].title == "Баку и Москва"


def test_base_of_the_document() -> None:
    assert read(b'<base href="/en/x/">' + card("../post/a").encode()) == (FULL,)
    assert read(b'<base href="http://[broken">' + card("/en/post/a").encode()) == (FULL,)


@pytest.mark.parametrize(
    ("markup", "slugs"),
    [
        (f"{card('/en/post/a')}<template>{card('/en/post/slug')}</template>", ["a"]),
        (f"<template>{card('/en/post/a')}</template>", ["a"]),
        (f"<div><template shadowrootmode='open'>{card('/en/post/a')}</template></div>{card('/en/post/b')}", ["b", "a"]),
        (card("\\en\\post\\a"), ["a"]),
        (f"<aside>an open aside{card('/en/post/a')}", ["a"]),
        (f"<table><tr>{card('/en/post/a')}<td>{card('/en/post/b')}", ["a", "b"]),
        (f"<select><option>{card('/en/post/a')}</select>", ["a"]),
    ],
)
def test_cards_are_those_that_browsers_show(markup: str, slugs: list[str]) -> None:
    assert [link.url.rpartition("/")[2] for link in read(page(markup))] == slugs


def test_selectors_read_attributes() -> None:
    teasers = TeaserSelectors(
        card="li[data-href]",
        link="@data-href",
        title="@title",
        published="time@datetime",
        section_label="i@data-x",
    )
    time = "<time datetime=2025-01-16T17:36:00+04:00>x</time>"
    markup = f"<ul><li data-href=/en/post/a title='A title'>{time}<i data-x=Y></i></li></ul>".encode()
    urls = SourceUrls(SOURCE)
    [link] = parse_listing_page(
        markup, url=URL, source=SOURCE, urls=urls, language="en", content_type=None, teasers=teasers
    )
    assert (link.url, link.title, link.published_at, link.sections) == (
        *(f"{HOME}/en/post/a", "A title", datetime(2025, 1, 16, 13, 36, tzinfo=UTC)),
        ("y",),
    )


def test_a_page_without_cards_says_what_to_set() -> None:
    error = refusal(bad_bytes.list_without_cards())
    assert error.stage is FailureStage.EMPTY_LIST
    assert "no cards" in error.reason
    assert "channels in [sources.caliber]" in error.reason


def test_cards_without_any_article_say_so() -> None:
    error = refusal(page(card("/en/category/world"), card("https://evil.example/en/post/a")))
    assert error.stage is FailureStage.EMPTY_LIST
    assert "no article on its cards (2)" in error.reason


@pytest.mark.parametrize(
    ("body", "stage", "said"),
    [
        (b"", FailureStage.EMPTY_LIST, "an empty answer"),
        (b" \n", FailureStage.EMPTY_LIST, "an empty answer"),
        (b"<!-- nothing -->", FailureStage.EMPTY_LIST, "no cards"),
        (b"\0\0<", FailureStage.EMPTY_LIST, "no cards"),
        (bad_bytes.challenge_page(), FailureStage.EMPTY_LIST, "no cards"),
        (bad_bytes.pdf(), FailureStage.PARSE, "a PDF"),
        (bad_bytes.image(), FailureStage.PARSE, "a picture"),
        (b'{"cards": []}', FailureStage.PARSE, "JSON"),
    ],
)
def test_what_is_no_list(body: bytes, stage: FailureStage, said: str) -> None:
    error = refusal(body)
    assert error.stage is stage
    assert said in error.reason
    assert "channels in [sources.caliber]" in error.reason


def test_of_a_cut_page_no_card_is_read_in_part() -> None:
    body = page(card(), card("/en/post/a-b", title="Another title"), card("/en/post/a-b-c"))
    whole = {link.url: link for link in read(body)}
    for end in range(body.index(b"float_block_bottom"), len(body)):
        for link in read(body[:end]):
            bare = Link(url=link.url, channel=URL, language="en")
            assert link in (whole[link.url], bare)
