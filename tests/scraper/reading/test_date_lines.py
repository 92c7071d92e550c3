"""Dates whose day and time stand in two elements, and dates that are of an update: one way of printing a page."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from storage.model.records import ArticleData, DatePrecision
from tests.scraper.reading.test_page_fields import H1, OG, article, ld, read

DAY = "<span class=date>04.11.2026</span>"
TIME = "<span class=time>14:05</span>"
AT = datetime(2026, 11, 4, 10, 5, tzinfo=UTC)  # 14:05 in Baku


def printed(markup: str, head: str = OG, behind: str = "") -> ArticleData:
    return read(head, f"<article>{H1}<div class=info>{markup}</div>{behind}</article>").article


JOINED = {
    "time behind": f"{DAY}{TIME}",
    "time before": f"{TIME}{DAY}",
    "time of no class": f"{DAY}<b>14:05</b>",
    "text behind": f"{DAY}, 14:05",
    "text before": f"14:05 | {DAY}",
    "text with a word behind": f"{DAY} в 14:05",
    "time with a unit": "<span class=date>04.11.2026</span><span>14.05 Uhr</span>",
    "time with a half": "<span class=date>4 November 2026</span><span>2:05 pm</span>",
    "time with seconds": f"{DAY}<span>14:05:00</span>",
    "day without a class": f"04.11.2026 {TIME}",
    "day of no class behind": f"{TIME}<b>04.11.2026</b>",
    "separator between": f"{DAY}<i>|</i>{TIME}",
    "more behind a separator": f"{DAY} 14:05 | 5 min read",
    "label of the time": f"<b>Date:</b>{DAY}<b>Time:</b>{TIME}",
    "neither of a class": "<b>04.11.2026</b><b>14:05</b>",
    "words that no class tells": "<span class=ngay>Thứ Tư, 04/11/2026</span> <span class=gio>14:05</span>",
    "one text beside an element": "<p>04.11.2026, <b>14:05</b></p>",
    "each in an item": f"<ul><li>{DAY}</li><li>{TIME}</li></ul>",
    "items of classes": "<ul><li class=date>04.11.2026</li><li class=time>14:05</li></ul>",
    "each in a cell": f"<table><tr><td>{DAY}</td><td>{TIME}</td></tr></table>",
    "in one element without a space": "<p class=date><span>04.11.2026</span><span>14:05</span></p>",
    "in a time element": "<time><span>04.11.2026</span><span>14:05</span></time>",
    "beside a time element": "<time>04.11.2026</time><span>14:05</span>",
    "beside a time element with a day": "<time datetime=2026-11-04>4 Nov</time><time>04.11.2026 14:05</time>",
    "day in three elements": "<p class=date><b>4</b><b>November</b><b>2026</b><b>14:05</b></p>",
    "icons between": f"<i class=icon></i>{DAY}<i class=icon></i>{TIME}",
    "published before an update": f"{DAY}{TIME}<span>Updated: 05.11.2026</span><span>09:30</span>",
}


@pytest.mark.parametrize("markup", JOINED.values(), ids=JOINED)
def test_a_day_is_read_with_its_time(markup: str) -> None:
    page = printed(markup)
    assert page.published_at == AT
    assert page.published_precision in {DatePrecision.MINUTE, DatePrecision.SECOND}


APART = {
    "label of an update in the time": f"{DAY}<span class=time>Updated 14:05</span>",
    "label of an update before the time": f"{DAY}<b>Updated:</b>{TIME}",
    "label of an update before both": f"{DAY}<b>Yenilənib:</b><b>14:05</b>",
    "label of an update before a time that is before the day": f"<b>Updated:</b>{TIME}{DAY}",
    "class of an update": f"{DAY}<span class=updated>14:05</span>",
    "class of an update within": f"{DAY}<span><b class=modified-time>14:05</b></span>",
    "class of a duration": f"{DAY}<span class=video-duration>14:05</span>",
    "a time on both sides": f"<b>09:30</b>{DAY}<b>14:05</b>",
    "words between": f"{DAY}<b>Ann Lee</b>{TIME}",
    "another article": f"{DAY}</div><div><a href=/other-1234567>Ferry runs again</a> {TIME}",
    "a number": f"{DAY}<b>1405</b>",
    "a share": f"{DAY}<b>14%</b>",
    "prose": f"{DAY}<p>{'The ground shook for a minute. ' * 5}</p>{TIME}",
}


@pytest.mark.parametrize("markup", APART.values(), ids=APART)
def test_a_time_of_something_else_is_not_joined(markup: str) -> None:
    page = printed(markup)
    assert (page.published_at, page.published_precision) == (datetime(2026, 11, 4, tzinfo=UTC), DatePrecision.DAY)


@pytest.mark.parametrize(
    "markup",
    [
        f"<b>Updated:</b> {DAY}",
        f"Last updated on {DAY}",
        f"<b>Обновлено</b><div>{DAY}{TIME}</div>",
        "<b>Updated:</b> <time datetime=2026-11-04T14:05:00+04:00>4 Nov</time>",
        "<time class=updated datetime=2026-11-04T14:05:00+04:00>4 Nov</time>",
    ],
)
def test_a_date_behind_a_label_of_an_update_is_none(markup: str) -> None:
    assert printed(markup).published_at is None


def test_a_date_of_both_classes_is_that_of_an_article_which_was_never_edited() -> None:
    both = '<time class="entry-date published updated" datetime=2026-11-04T14:05:00+04:00>4 Nov</time>'
    assert printed(both).published_at == AT


STATED_DAY = OG + ld(article(datePublished="2026-11-04"))


@pytest.mark.parametrize(
    ("markup", "published_at"),
    [
        (f"{DAY}{TIME}", AT),
        ("<time>04.11.2026 14:05</time>", AT),
        ("<time>03.11.2026 14:05</time>", datetime(2026, 11, 3, 10, 5, tzinfo=UTC)),  # the day stated is of the print
        ("<time>05.11.2026 09:30</time>", datetime(2026, 11, 4, tzinfo=UTC)),  # an update
        ("<time>02.11.2026 14:05</time>", datetime(2026, 11, 4, tzinfo=UTC)),
        ("<p class=date>03.11.2026 14:05</p>", datetime(2026, 11, 4, tzinfo=UTC)),
    ],
)
def test_a_stated_day_yields_to_a_time_on_it(markup: str, published_at: datetime) -> None:
    assert printed(markup, STATED_DAY).published_at == published_at
