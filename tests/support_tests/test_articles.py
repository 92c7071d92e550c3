"""Publish, edit and remove articles, and the bundled ones."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.site import (
    Article,
    Site,
    SiteError,
    bad,
    blocks,
    demo_articles,
    demo_counts,
    demo_edits,
    generate_articles,
    http_server,
    later_articles,
)
from tests.support.site.generate import unique_word
from tests.support_tests.client import get

NOW = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)
VOTE = Article(slug="a-vote", title="A vote", body=("The house voted.",), published_at=NOW, views=5)


class TestChanges:
    def test_publish_gives_the_address(self, site: Site) -> None:
        assert site.publish(VOTE) == site.url_of("a-vote") == f"{site.url}/en/post/a-vote"

    def test_edit(self, site: Site) -> None:
        site.publish(VOTE)
        edited = site.edit("a-vote", title="A vote, again", body=(blocks.quote("Yes."),))
        assert edited == replace(VOTE, title="A vote, again", body=(blocks.quote("Yes."),))
        assert get(site, VOTE.path).words("post_title") == ["A vote, again"]
        assert site.article(VOTE.path) == edited

    def test_a_new_slug_moves_it(self, site: Site) -> None:
        site.publish(VOTE)
        site.edit("a-vote", slug="another")
        assert [get(site, f"/en/post/{slug}").status for slug in ("a-vote", "another")] == [404, 200]

    def test_count(self, site: Site) -> None:
        site.publish(VOTE)
        site.count("a-vote", 900)
        assert get(site, VOTE.path).words("post_hits") == ["Views: 900"]

    @pytest.mark.parametrize("status", [404, 410])
    def test_withdraw_and_restore(self, site: Site, status: int) -> None:
        site.publish(VOTE)
        site.withdraw("a-vote", status)
        assert get(site, VOTE.path).status == status
        assert not any("a-vote" in get(site, path).text for path in ("/rss.xml", "/en/category/politics", "/"))
        site.restore("a-vote")
        assert get(site, VOTE.path).status == 200
        assert "a-vote" in get(site, "/rss.xml").text

    def test_unlist(self, site: Site) -> None:
        site.publish(VOTE)
        site.unlist("a-vote")
        assert get(site, VOTE.path).status == 200
        assert not any("a-vote" in get(site, path).text for path in ("/rss.xml", "/en/category/politics", "/"))

    def test_remove(self, site: Site) -> None:
        site.publish(VOTE)
        site.remove("a-vote")
        assert (get(site, VOTE.path).status, site.articles) == (404, ())

    def test_one_slug_in_two_languages_is_named_by_path(self, site: Site) -> None:
        site.publish_many([VOTE, replace(VOTE, language="ru")])
        with pytest.raises(SiteError, match="2 articles are called 'a-vote'"):
            site.count("a-vote", 1)
        site.count("/post/a-vote", 1)
        assert [article.views for article in site.articles] == [1, 5]

    def test_mistakes_are_refused(self, site: Site) -> None:
        with pytest.raises(SiteError, match="0 articles are called 'nothing'"):
            site.count("nothing", 1)
        site.publish(VOTE)
        with pytest.raises(SiteError, match="Article has no titel"):
            site.edit("a-vote", titel="x")
        with pytest.raises(SiteError, match="'sometimes' is not a valid Paging"):
            site.list_style(paging="sometimes")


class TestDemo:
    def test_articles(self) -> None:
        articles = demo_articles(NOW)
        kinds = Counter((article.language, article.sections[0]) for article in articles)
        assert len(articles) == len({article.path for article in articles}) == 30
        assert kinds["en", "politics"] == 20
        assert sum(count for (language, _), count in kinds.items() if language == "ru") == 6
        dates = [article.published_at or NOW for article in articles]
        assert dates == sorted(dates, reverse=True)
        assert max(dates) <= NOW

    def test_edits_apply(self, site: Site) -> None:
        site.publish_many(demo_articles(NOW))
        before = {article.slug: article for article in site.articles}
        for slug, changes in demo_edits(NOW):
            site.edit(slug, **changes)
        changed = [article.slug for article in site.articles if article != before[article.slug]]
        assert sorted(changed) == sorted(slug for slug, _ in demo_edits(NOW))
        rail = get(site, "/en/post/morland-union-to-fund-orrin-rail-link").text
        assert "15 million" in rail
        assert "1.5 million" not in rail

    def test_later(self) -> None:
        early = {article.path for article in demo_articles(NOW)}
        later = later_articles(NOW)
        assert len(later) == 3
        assert early.isdisjoint(article.path for article in later)
        assert all(article.published_at and article.published_at <= NOW for article in later)

    def test_counts_grow_but_for_one(self) -> None:
        counts = demo_counts(NOW)
        fallen = [article.slug for article in demo_articles(NOW) if counts[article.slug] < article.views]
        assert len(fallen) == 1


class TestGenerated:
    def test_same_seed_same_articles(self) -> None:
        assert generate_articles(20, 3) == generate_articles(20, 3)
        assert generate_articles(20, 3)[0] != generate_articles(20, 4)[0]

    def test_a_word_of_its_own(self) -> None:
        articles = generate_articles(300, 1)
        texts = [" ".join(blocks.plain_texts(article)).lower().split() for article in articles]
        for number in (0, 17, 299):
            assert [n for n, words in enumerate(texts) if unique_word(1, number) in words] == [number]
        assert len({article.slug for article in articles}) == 300

    def test_length_and_dates(self) -> None:
        articles = generate_articles(50, until=NOW, every=timedelta(minutes=1))
        lengths = [sum(len(text.split()) for text in blocks.plain_texts(article)) for article in articles]
        assert 350 < sum(lengths) / 50 < 650
        assert articles[49].published_at == NOW - timedelta(minutes=49)


TEXT = st.text(st.characters(exclude_categories=[]))  # lone surrogates included
BLOCKS = TEXT | st.builds(blocks.paragraph, TEXT) | st.builds(blocks.quote, TEXT, TEXT)


@given(
    title=TEXT,
    body=st.lists(BLOCKS).map(tuple),
    page=st.none() | st.binary(),
    published_at=st.none() | st.datetimes(timezones=st.just(UTC)),
    headers=st.dictionaries(TEXT, TEXT),
)
def test_articles_cross_the_pipe_unchanged(
    title: str,
    body: tuple[blocks.Block | str, ...],
    page: bytes | None,
    published_at: datetime | None,
    headers: dict[str, str],
) -> None:
    sent = Article(slug="x", title=title, body=body, page=page, published_at=published_at, page_headers=headers)
    line = http_server.dump([sent])
    assert line.count(b"\n") == 1
    assert http_server.load(line) == [sent]


def test_misbehaviours_cross_the_pipe_unchanged() -> None:
    sent = bad.answer(503, b"\xff", {"X": "y"}, retry_after=NOW)
    [received] = http_server.load(http_server.dump([sent]))
    assert received == sent
    assert [type(getattr(received, field.name)) for field in fields(sent)] == [
        type(getattr(sent, field.name)) for field in fields(sent)
    ]
