"""Misbehaviour that stays within HTTP: statuses, redirects, pages that are not what they should be."""

from __future__ import annotations

import http.client
import zlib
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from lxml import html as lxml_html

from tests.support.patience import patient
from tests.support.site import Article, Misbehaviour, Site, SiteError, bad, bad_bytes
from tests.support_tests.client import ask, get

NOW = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)
VOTE = Article(slug="a-vote", title="Голос & vote", body=("Палата проголосовала.", "Twice."), published_at=NOW, views=5)


class TestRules:
    def test_for_the_first_requests_only(self, site: Site) -> None:
        site.publish(VOTE)
        site.misbehave("a-vote", bad.server_error(), times=2)
        assert [get(site, VOTE.path).status for _ in range(4)] == [500, 500, 200, 200]

    def test_one_after_another_and_the_last_for_ever(self, site: Site) -> None:
        site.publish(VOTE)
        site.misbehave(VOTE.path, bad.too_many(), bad.unavailable(), bad.server_error())
        assert [get(site, VOTE.path).status for _ in range(4)] == [429, 503, 500, 500]

    def test_behave(self, site: Site) -> None:
        site.publish(VOTE)
        site.misbehave("a-vote", bad.server_error())
        site.behave("a-vote")
        assert get(site, VOTE.path).status == 200

    def test_everywhere(self, site: Site) -> None:
        site.publish(VOTE)
        site.misbehave("*", bad.server_error())
        site.misbehave("/robots.txt", bad.answer(200))
        assert [get(site, path).status for path in (VOTE.path, "/", "/robots.txt")] == [500, 500, 200]
        site.behave()
        assert get(site, "/").status == 200

    def test_one_query_of_a_path(self, site: Site) -> None:
        site.misbehave("/en/category/politics?page=2", bad.server_error())
        targets = ("/en/category/politics", "/en/category/politics?page=2", "/en/category/politics?page=3")
        assert [get(site, target).status for target in targets] == [200, 500, 200]

    def test_mistakes_are_refused(self, site: Site) -> None:
        with pytest.raises(SiteError, match="no misbehaviour given for /x"):
            site.misbehave("/x")
        with pytest.raises(SiteError, match="0 articles are called 'nothing'"):
            site.misbehave("nothing", bad.reset())


class TestStatuses:
    @pytest.mark.parametrize(
        ("act", "status", "retry_after"),
        [
            (bad.too_many(30), 429, "30"),
            (bad.unavailable(NOW), 503, "Sun, 01 Nov 2026 09:00:00 GMT"),
            (bad.answer(301, location="/", retry_after="soon"), 301, "soon"),
            (bad.answer(418), 418, None),
            (bad.answer(799), 799, None),
        ],
    )
    def test_retry_after(self, site: Site, act: Misbehaviour, status: int, retry_after: str | None) -> None:
        site.misbehave("/x", act)
        reply = get(site, "/x")
        assert (reply.status, reply.headers.get("retry-after")) == (status, retry_after)

    def test_retry_after_beside_the_usual_page(self, site: Site) -> None:
        site.publish(VOTE)
        usual = get(site, VOTE.path).body
        site.misbehave("a-vote", bad.answer(200, retry_after=7))
        reply = get(site, VOTE.path)
        assert (reply.body, reply.headers["retry-after"]) == (usual, "7")

    @pytest.mark.parametrize("status", [204, 304])
    def test_statuses_without_a_body(self, site: Site, status: int) -> None:
        site.misbehave("/x", bad.answer(status))
        connection = http.client.HTTPConnection(urlsplit(site.url).netloc, timeout=patient(10))
        assert [ask(connection, target).status for target in ("/x", "/robots.txt")] == [status, 200]
        connection.close()

    def test_challenge(self, site: Site) -> None:
        site.misbehave("/x", bad.challenge())
        reply = get(site, "/x")
        assert reply.status == 403
        assert "challenge-form" in reply.text

    def test_soft_404(self, site: Site) -> None:
        site.misbehave("/x", bad.soft_404())
        reply = get(site, "/x")
        assert reply.status == 200
        assert "not found" in reply.text


class TestRedirects:
    def test_within_the_host_and_away(self, site: Site) -> None:
        site.misbehave("/a", bad.redirect("/b", 301))
        site.misbehave("/b", bad.redirect(site.elsewhere))
        found = [(reply.status, reply.headers["location"]) for reply in (get(site, "/a"), get(site, "/b"))]
        assert found == [(301, "/b"), (302, site.elsewhere)]
        assert urlsplit(site.elsewhere).hostname != urlsplit(site.url).hostname

    def test_loop(self, site: Site) -> None:
        site.misbehave("/a", bad.redirect_loop())
        assert get(site, "/a?x=1").headers["location"] == "/a?x=1"

    def test_growing_loop(self, site: Site) -> None:
        site.misbehave("/a", bad.redirect_loop(growing=True))
        first = get(site, "/a").headers["location"]
        assert (first, get(site, first).headers["location"]) == ("/a?step=1", "/a?step=2")


class TestPages:
    def test_pdf(self, site: Site) -> None:
        site.misbehave("/x", bad.pdf())
        reply = get(site, "/x")
        assert reply.headers["content-type"] == "application/pdf"
        assert reply.body.startswith(b"%PDF-")

    @pytest.mark.parametrize("declared", [True, False])
    def test_windows_1251(self, site: Site, declared: bool) -> None:
        site.publish(VOTE)
        site.misbehave("a-vote", bad.windows_1251(declared=declared))
        reply = get(site, VOTE.path)
        assert reply.headers["content-type"] == "text/html"
        assert "Палата проголосовала." in reply.body.decode("windows-1251")
        assert (b"windows-1251" in reply.body) is declared
        assert b'charset="utf-8"' not in reply.body

    def test_broken_html_is_broken_but_can_be_read(self, site: Site) -> None:
        site.publish(VOTE)
        site.misbehave("a-vote", bad.broken_html())
        text = get(site, VOTE.path).text
        assert not {"<html", "</p>", "</body>"} & {mark for mark in ("<html", "</p>", "</body>") if mark in text}
        tree = lxml_html.fromstring(text)
        assert tree.xpath("//*[@class='post_body']/p/text()") == ["Палата проголосовала.\n", "Twice."]

    def test_list_without_cards(self, site: Site) -> None:
        site.misbehave("/en/category/politics", bad.list_without_cards())
        reply = get(site, "/en/category/politics")
        assert (reply.status, reply.tree.find_class("float_block")) == (200, [])

    def test_html_where_a_feed_should_be(self, site: Site) -> None:
        site.misbehave("/rss.xml", bad.html_feed())
        assert get(site, "/rss.xml").headers["content-type"].startswith("text/html")

    def test_entity_bomb(self, site: Site) -> None:
        site.misbehave("/rss.xml", bad.entity_bomb())
        reply = get(site, "/rss.xml")
        assert len(reply.body) < 2_000
        assert reply.text.count("<!ENTITY") == 10
        assert "<title>&lol9;</title>" in reply.text

    def test_override(self, site: Site) -> None:
        site.override("/rss.xml", b"<rss/>")
        site.override("/x", b"\xff", 203, {"Content-Type": "", "X-Odd": "yes"})
        assert get(site, "/rss.xml").headers["content-type"].startswith("application/rss+xml")
        reply = get(site, "/x")
        assert (reply.status, reply.body, reply.headers["x-odd"]) == (203, b"\xff", "yes")
        assert "content-type" not in reply.headers

    def test_gzip_bomb(self, site: Site) -> None:
        site.misbehave("/x", bad.gzip_bomb())
        reply = get(site, "/x")
        assert reply.headers["content-encoding"] == "gzip"
        assert len(reply.body) < 500_000
        assert inflated_size(reply.body) > 200_000_000

    def test_a_small_gzip_bomb_is_sound(self) -> None:
        body = zlib.decompress(bad_bytes.gzip_bomb(3_000_000), zlib.MAX_WBITS | 16)
        assert body.startswith(b"<!DOCTYPE html><html><body><p>AAA")
        assert len(body) > 3_000_000


def inflated_size(body: bytes) -> int:
    """Return the unpacked length of a gzip body, unpacked piece by piece."""
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
    size = len(unpacker.decompress(body, 1_000_000))
    while unpacker.unconsumed_tail:
        size += len(unpacker.decompress(unpacker.unconsumed_tail, 1_000_000))
    return size
