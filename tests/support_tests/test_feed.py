"""The feed, its habits and its validators."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import feedparser

from tests.support.site import Article, ETags, FeedDates, Guids, Site
from tests.support_tests.client import get

AT = datetime(2026, 6, 25, 13, 24, tzinfo=UTC)
VOTE = Article(slug="a-vote", title="A vote & more", body=("The house voted.",), published_at=AT)
RUSSIAN = replace(VOTE, slug="vybory", title="Выборы", language="ru")


def entries(site: Site) -> list[Any]:
    return list(feedparser.parse(get(site, "/rss.xml").body).entries)


def test_an_entry(site: Site) -> None:
    site.publish(VOTE)
    reply = get(site, "/rss.xml")
    parsed = feedparser.parse(reply.body)
    [entry] = parsed.entries
    assert reply.headers["content-type"].startswith("application/rss+xml")
    assert not parsed.bozo
    assert entry.title == "A vote & more"
    assert entry.link == entry.id == f"{site.url}/en/post/a-vote"
    assert entry.published == "Thu, 25 Jun 2026 17:24:00 +0400"
    assert [tag.term for tag in entry.tags] == ["Politics"]
    assert entry.summary == "The house voted."


def test_languages_are_mixed_unless_configured(site: Site) -> None:
    site.publish_many([VOTE, RUSSIAN])
    assert [entry.title for entry in entries(site)] == ["Выборы", "A vote & more"]
    site.feed_style(language="en")
    assert [entry.title for entry in entries(site)] == ["A vote & more"]


def test_limit(site: Site) -> None:
    site.publish_many([VOTE, RUSSIAN])
    site.feed_style(limit=1)
    assert [entry.title for entry in entries(site)] == ["Выборы"]


def test_oddities(site: Site) -> None:
    site.publish_many([VOTE, RUSSIAN])
    site.feed_style(guids=Guids.ONE, dates=FeedDates.FUTURE, relative_links=True, blank_before=True)
    assert get(site, "/rss.xml").body.startswith(b"\n<?xml")
    assert {entry.id for entry in entries(site)} == {site.url}
    assert entries(site)[1].published == "Fri, 25 Jun 2027 17:24:00 +0400"
    assert b"<link>/en/post/a-vote</link>" in get(site, "/rss.xml").body


def test_entries_with_nothing_but_title_and_link(site: Site) -> None:
    site.publish(VOTE)
    site.feed_style(guids=Guids.NONE, dates=FeedDates.NONE, descriptions=False, sections=False)
    body = get(site, "/rss.xml").text
    assert f"<item><title>A vote &amp; more</title><link>{site.url}{VOTE.path}</link></item>" in body


def test_etag(site: Site) -> None:
    site.publish(VOTE)
    first = get(site, "/rss.xml")
    again = get(site, "/rss.xml", {"If-None-Match": first.headers["etag"]})
    assert (again.status, again.body) == (304, b"")
    site.publish(RUSSIAN)
    changed = get(site, "/rss.xml", {"If-None-Match": first.headers["etag"]})
    assert changed.status == 200
    assert changed.headers["etag"] != first.headers["etag"]


def test_last_modified(site: Site) -> None:
    site.set_time(AT)
    site.publish(VOTE)
    first = get(site, "/rss.xml")
    assert first.headers["last-modified"] == "Thu, 25 Jun 2026 13:24:00 GMT"
    condition = {"If-Modified-Since": first.headers["last-modified"]}
    assert get(site, "/rss.xml", condition).status == 304
    site.publish(RUSSIAN)
    assert get(site, "/rss.xml", condition).status == 200


def test_a_count_changes_no_feed(site: Site) -> None:
    site.publish(VOTE)
    first = get(site, "/rss.xml").headers
    site.count("a-vote", 9)
    second = get(site, "/rss.xml").headers
    assert [second[name] for name in ("etag", "last-modified")] == [first["etag"], first["last-modified"]]


def test_a_condition_on_the_etag_outranks_the_date(site: Site) -> None:
    site.publish(VOTE)
    since = get(site, "/rss.xml").headers["last-modified"]
    assert get(site, "/rss.xml", {"If-None-Match": '"other"', "If-Modified-Since": since}).status == 200


def test_conditions_nobody_can_read_count_as_none(site: Site) -> None:
    site.publish(VOTE)
    assert get(site, "/rss.xml", {"If-Modified-Since": "yesterday"}).status == 200


def test_a_stuck_etag(site: Site) -> None:
    site.publish(VOTE)
    site.feed_style(etags=ETags.STUCK)
    first = get(site, "/rss.xml")
    site.publish(RUSSIAN)
    second = get(site, "/rss.xml")
    assert first.headers["etag"] == second.headers["etag"]
    assert first.body != second.body
    assert get(site, "/rss.xml", {"If-None-Match": first.headers["etag"]}).status == 304


def test_without_validators(site: Site) -> None:
    site.publish(VOTE)
    site.feed_style(etags=ETags.NONE, last_modified=False)
    assert not {"etag", "last-modified"} & set(get(site, "/rss.xml").headers)


def test_conditions_ignored(site: Site) -> None:
    site.publish(VOTE)
    site.feed_style(conditions=False)
    etag = get(site, "/rss.xml").headers["etag"]
    assert get(site, "/rss.xml", {"If-None-Match": etag}).status == 200
