"""Test crawls of pages whose document is cut: no article at first, and never a revision of a stored one."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.request import urlopen

import pytest

from storage.config.settings import SourceSettings
from storage.model.records import FailureStage, FetchResult, Outcome
from tests.support.crawl_env import CrawlEnv
from tests.support.plain_articles import plain_article
from tests.support.site import Article, Framing, Misbehaviour, Site, bad, blocks

PARAGRAPHS = [f"Paragraph {number}, in which “{'yes ' * number}” was said; Баку, {number} men." for number in range(12)]
FEED = SourceSettings(channels=({"feed": "/rss.xml"},))

# Each cut is behind the first occurrence of these bytes.
MARKS = {
    "in the head": b"<meta",
    "in the title": b"<h1",
    "in the body's first words": b"<p>Paragraph 1,",
    "in the body": b"<p>Paragraph 9, in which",
    "in a character of the body": "<p>Paragraph 9, in which “".encode()[:-1],
    "in a tag of the body": b"11 men.</",
    "at a paragraph's end": b" 9 men.</p>",
    "behind the body": b"11 men.</p>",
    "in the view count": b"post_hits",
    "in the footer": b"<footer",
}
CUTS = {
    f"{name}, {framing}": (mark, framing) for name, mark in MARKS.items() for framing in (Framing.LENGTH, Framing.CLOSE)
}


def article(slug: str, *, count: int = len(PARAGRAPHS), views: int = 1234) -> Article:
    return plain_article(slug, body=tuple(map(blocks.paragraph, PARAGRAPHS[:count])), views=views)


SLUGS = {name: f"case-{number}" for number, name in enumerate(CUTS)}


@pytest.fixture
def site_of_cases(site: Site) -> Site:
    site.publish_many([article(slug) for slug in SLUGS.values()])
    return site


@pytest.fixture
def env(env: CrawlEnv) -> CrawlEnv:
    env.of_source = FEED
    return env


def cut(site: Site, slug: str, mark: bytes, framing: Framing = Framing.LENGTH) -> Misbehaviour:
    """Return the misbehaviour that sends the page of an article up to the first `mark`."""
    with urlopen(site.url_of(slug)) as answer:
        page: bytes = answer.read()
    return bad.cut(len(page) - page.index(mark) - len(mark), framing=framing)


def cuts(site: Site) -> Mapping[str, Misbehaviour]:
    return {SLUGS[name]: cut(site, SLUGS[name], *how) for name, how in CUTS.items()}


def test_a_page_that_is_cut_at_first_is_no_article_until_it_is_whole(env: CrawlEnv, site_of_cases: Site) -> None:
    for slug, act in cuts(site_of_cases).items():
        site_of_cases.misbehave(slug, act)
    for _ in range(3):
        assert env.crawl().new == 0
    links = env.rows("links")
    assert {link.outcome for link in links} == {Outcome.PENDING}
    assert [
        link.outcome_reason for link in links if "the answer broke off: the page ends" not in link.outcome_reason
    ] == []
    assert {row.failure_stage for row in env.rows("fetches")} == {FailureStage.NETWORK}
    site_of_cases.behave()
    assert env.crawl().new == len(CUTS)
    assert {row.problems for row in env.rows("articles")} == {()}
    assert env.rows("revisions") == []


def test_a_stored_page_that_is_cut_and_whole_again_has_no_revision(env: CrawlEnv, site_of_cases: Site) -> None:
    assert env.crawl().new == len(CUTS)
    before = env.rows("articles")
    urls = tuple(row.url for row in before)
    for slug, act in cuts(site_of_cases).items():
        site_of_cases.misbehave(slug, act)
    env.crawl(urls=urls)
    env.crawl(urls=urls)
    results = {row.result for row in env.rows("fetches")[len(CUTS) :]}
    assert results == {FetchResult.UNCONFIRMED, FetchResult.UNCHANGED, FetchResult.FAILED}
    assert {row.view_count for row in env.rows("fetches")[len(CUTS) :]} == {None}
    site_of_cases.behave()
    env.crawl(urls=urls)
    assert {row.result for row in env.rows("fetches")[-len(CUTS) :]} == {FetchResult.UNCHANGED}
    assert env.rows("revisions") == []
    changing = {"fetched_at": None, "recrawl_at": None}
    assert [row._asdict() | changing for row in env.rows("articles")] == [row._asdict() | changing for row in before]


@pytest.mark.parametrize("mark", [b"<p>Paragraph 9, in which", b" 9 men.</p>"])
def test_an_edited_page_that_is_cut_is_stored_when_it_is_whole(mark: bytes, env: CrawlEnv, site: Site) -> None:
    site.publish(article("one"))
    env.crawl()
    url = site.url_of("one")
    edited = ("A correction.", *PARAGRAPHS)
    site.edit("one", body=tuple(map(blocks.paragraph, edited)))
    site.misbehave("one", cut(site, "one", mark))
    env.crawl(urls=(url,))
    assert env.rows("revisions") == []
    site.behave()
    env.crawl(urls=(url,))
    assert len(env.rows("revisions")) == 1
    assert env.row("articles").body == "\n\n".join(edited)


def test_an_article_that_is_shortened_is_an_edit_at_once(env: CrawlEnv, site: Site) -> None:
    site.publish(article("one"))
    env.crawl()
    site.edit("one", body=tuple(map(blocks.paragraph, PARAGRAPHS[:9])))
    env.crawl(urls=(site.url_of("one"),))
    assert len(env.rows("revisions")) == 1
    assert env.row("articles").body == "\n\n".join(PARAGRAPHS[:9])


def test_a_whole_page_without_its_count_whose_body_is_shorter_is_unconfirmed(env: CrawlEnv, site: Site) -> None:
    site.publish(article("one"))
    env.crawl()
    with urlopen(site.url_of("one")) as answer:
        page: bytes = answer.read()
    start = page.index(b" 9 men.</p>") + len(b" 9 men.</p>")
    site.misbehave("one", bad.answer(200, page[:start] + b"</div></div></body></html>"))
    env.crawl(urls=(site.url_of("one"),))
    assert env.rows("fetches")[-1].result is FetchResult.UNCONFIRMED
    assert "without the view count" in env.rows("fetches")[-1].reason
    site.behave()
    env.crawl(urls=(site.url_of("one"),))
    assert env.rows("revisions") == []
