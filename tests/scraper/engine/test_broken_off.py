"""Test that answers that break off, of every kind of address, are failures that are retried."""

from __future__ import annotations

import pytest

from storage.config.settings import SourceSettings
from storage.model.records import FailureStage, Outcome, RunStatus
from tests.support.crawl_env import CrawlEnv
from tests.support.plain_articles import plain_article
from tests.support.site import Framing, Site, bad

BROKEN_OFF = {
    "half of gzip without a length": bad.cut(coding="gzip", framing=Framing.CLOSE),
    "half of gzip under a right length": bad.cut(coding="gzip"),
    "gzip without its last 10 bytes": bad.cut(10, coding="gzip"),
    "gzip without its trailer": bad.cut(8, coding="gzip"),
    "gzip without its last byte": bad.cut(1, coding="gzip"),
    "gzip whose chunks end as they should not": bad.cut(8, coding="gzip", framing=Framing.CHUNKED),
    "half of deflate": bad.cut(coding="deflate", framing=Framing.CLOSE),
    "half of raw deflate": bad.cut(coding="raw deflate", framing=Framing.CLOSE),
    "deflate without its checksum": bad.cut(4, coding="deflate"),
    "half of brotli": bad.cut(coding="br", framing=Framing.CLOSE),
    "brotli without its last byte": bad.cut(1, coding="br"),
    "half of zstd": bad.cut(coding="zstd", framing=Framing.CLOSE),
    "zstd without its checksum": bad.cut(4, coding="zstd"),
    "chunks without a last one": bad.cut(1, framing=Framing.CHUNKED),
    "half of the length": bad.short_body(),
    "a reset in a body without a length": bad.reset(framing=Framing.CLOSE),
    "a reset in chunks": bad.reset(framing=Framing.CHUNKED),
}
CHANNELS = {
    "/rss.xml": SourceSettings(channels=({"feed": "/rss.xml"},)),
    "/en/category/politics": SourceSettings(channels=({"list": "/en/category/politics", "language": "en"},)),
}


SLUGS = {name: f"case-{number}" for number, name in enumerate(BROKEN_OFF)}


@pytest.fixture
def site_of_cases(site: Site) -> Site:
    site.publish_many([plain_article("whole"), *map(plain_article, SLUGS.values())])
    return site


def test_an_article_that_breaks_off_is_requested_again(env: CrawlEnv, site_of_cases: Site) -> None:
    for name, act in BROKEN_OFF.items():
        site_of_cases.misbehave(SLUGS[name], act, times=2)
    env.slow_down(retries=2)
    run = env.crawl()
    assert (run.status, run.new, run.failed) == (RunStatus.SUCCEEDED, 1 + len(BROKEN_OFF), 0)
    paths = [request.path for request in site_of_cases.requests]
    assert {name: paths.count(site_of_cases.article(slug).path) for name, slug in SLUGS.items()} == dict.fromkeys(
        BROKEN_OFF, 3
    )


def test_an_article_that_breaks_off_each_time_is_no_article(env: CrawlEnv, site_of_cases: Site) -> None:
    for name, act in BROKEN_OFF.items():
        site_of_cases.misbehave(SLUGS[name], act)
    assert env.crawl().new == 1
    links = {name: env.row("links", url=site_of_cases.url_of(slug)) for name, slug in SLUGS.items()}
    assert {link.outcome for link in links.values()} == {Outcome.PENDING}
    assert {name: link.outcome_reason for name, link in links.items() if "broke off" not in link.outcome_reason} == {}
    assert {row.failure_stage for row in env.rows("fetches")} == {None, FailureStage.NETWORK}


@pytest.mark.parametrize("name", ["gzip without its last 10 bytes", "half of brotli", "chunks without a last one"])
@pytest.mark.parametrize("where", [*CHANNELS, "/robots.txt"])
def test_a_channel_or_robots_txt_that_breaks_off_is_requested_again(
    where: str, name: str, env: CrawlEnv, site: Site
) -> None:
    site.publish(plain_article("one"))
    env.of_source = CHANNELS.get(where, CHANNELS["/rss.xml"])
    site.misbehave(where, BROKEN_OFF[name], times=1)
    env.slow_down(retries=1)
    run = env.crawl()
    assert (run.status, run.new) == (RunStatus.SUCCEEDED, 1)
    assert [request.path for request in site.requests].count(where) == 2


@pytest.mark.parametrize("coding", ["gzip", "br"])
def test_a_channel_or_robots_txt_that_breaks_off_each_time_says_so(coding: str, env: CrawlEnv, site: Site) -> None:
    site.publish(plain_article("one"))
    for where, settings in CHANNELS.items():
        env.of_source = settings
        site.misbehave(where, bad.cut(coding=coding))
        run = env.crawl()
        assert (run.status, run.new) == (RunStatus.FAILED, 0)
        assert "the answer broke off before its end" in (run.error or "")
    site.misbehave("/robots.txt", bad.cut(coding=coding))
    run = env.crawl()
    assert (run.status, run.new) == (RunStatus.FAILED, 0)
    assert "robots.txt could not be fetched: the answer broke off before its end" in (run.error or "")


@pytest.mark.parametrize("status", [404, 500])
def test_of_an_error_page_the_status_counts_whatever_its_body(status: int, env: CrawlEnv, site: Site) -> None:
    site.publish(plain_article("one"))
    site.misbehave("one", bad.answer(status, b"\x1f\x8b\x08", {"Content-Encoding": "gzip"}))
    env.crawl()
    assert f"answered {status}" in env.row("links", url=site.url_of("one")).outcome_reason
