"""Test that private addresses are connected to only for hosts that the configuration names."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import replace

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.connector import _DNSCacheTable

from scraper.crawl.options import CrawlOptions
from scraper.crawl.session import SourceContext
from scraper.engine import addresses
from scraper.engine.addresses import AddressRule, is_public
from scraper.sources import get_source
from storage.config.settings import Config, SourceSettings
from storage.model.records import RunStatus
from tests.support.crawl_env import CrawlEnv
from tests.support.plain_articles import plain_article
from tests.support.raw_server import RawServer, answer
from tests.support.site import Site, bad

PUBLIC = """
8.8.8.8 1.1.1.1 172.15.0.1 172.32.0.1 100.63.255.255 100.128.0.1 192.0.1.1
2606:4700::1111 ::ffff:8.8.8.8 64:ff9b::808:808 2002:808:808::1
"""
PRIVATE = """
127.0.0.1 127.255.0.9 10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 169.254.169.254 0.0.0.0 0.1.2.3
100.64.0.1 100.127.255.255 192.0.0.8 192.0.2.1 198.18.0.1 198.51.100.7 203.0.113.9 224.0.0.1 239.1.1.1 240.0.0.1
255.255.255.255 ::1 :: fe80::1 fe80::1%eth0 fc00::1 fd12:3456::1 fec0::1 ff02::1 ff0e::1 2001:db8::1
::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::127.0.0.1 2002:7f00:1:: 2002:c0a8:101::1
64:ff9b::7f00:1 64:ff9b::a00:1 64:ff9b:1::a00:1 2001:0:7f00:1::
"""


@pytest.mark.parametrize("address", PUBLIC.split())
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", PRIVATE.split())
def test_addresses_of_networks_and_machines_are_not(address: str) -> None:
    assert not is_public(address)


def test_a_named_host_is_public_once_it_had_a_public_address() -> None:
    rule = AddressRule(frozenset({"mirror.test"}))
    assert rule.refusal("mirror.test", "10.0.0.7") is None
    rule.resolved("mirror.test", ["127.0.0.1", "8.8.8.8"])
    assert "had a public address" in (rule.refusal("mirror.test", "10.0.0.7") or "")
    assert rule.refusal("mirror.test", "8.8.8.8") is None


@pytest.mark.parametrize(
    ("declared", "of_source", "option", "named"),
    [
        ("https://news.test", SourceSettings(), None, set()),
        ("http://localhost:8000", SourceSettings(), None, {"localhost"}),
        ("http://[::1]:8000", SourceSettings(), None, {"::1"}),
        ("https://news.test", SourceSettings(base_url="http://copy.test"), None, {"copy.test"}),
        (
            "https://news.test",
            SourceSettings(base_url="http://copy.test"),
            "http://10.1.2.3",
            {"10.1.2.3"},
        ),
        ("https://news.test", SourceSettings(channels=({"feed": "https://news.test/rss"},)), None, {"news.test"}),
        ("https://news.test", SourceSettings(channels=({"list": "/list"},)), None, set()),
    ],
)
def test_hosts_are_named_by_the_configuration(
    declared: str, of_source: SourceSettings, option: str | None, named: set[str]
) -> None:
    source = replace(get_source("caliber"), base_url=declared)
    config = Config(sources={"caliber": of_source})
    assert SourceContext(source=source, config=config, options=CrawlOptions(base_url=option)).named_hosts == named


class Resolver(AbstractResolver):
    """Resolver that answers each question with the next addresses of a script, the last ones again and again."""

    script: list[list[str]]
    asked: int

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = self.script[min(type(self).asked, len(self.script) - 1)]
        type(self).asked += 1
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=0,
            )
            for address in found
        ]

    async def close(self) -> None:
        pass


@pytest.fixture
def resolving(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Resolve every name to these addresses, one list a question."""

    def resolve(*script: list[str]) -> None:
        Resolver.script, Resolver.asked = list(script), 0

    monkeypatch.setattr(aiohttp, "DefaultResolver", Resolver)
    return resolve


class NamedSite:
    """The bundled site under a name that the scripted resolver knows."""

    def __init__(self, site: Site | RawServer, host: str) -> None:
        self.url = site.url.replace("127.0.0.1", host)


@pytest.mark.parametrize(
    "found",
    [["127.0.0.1"], ["::ffff:127.0.0.1"], ["127.0.0.1", "10.0.0.1"], ["::1", "127.0.0.1"]],
    ids=["loopback", "mapped", "two", "both families"],
)
def test_a_declared_name_that_leads_into_this_network_is_refused(
    found: list[str], env: CrawlEnv, site: Site, resolving: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    site.publish(plain_article("one"))
    resolving(found)
    port = site.url.rpartition(":")[2]
    run = env.crawl_source(replace(get_source("caliber"), base_url=f"http://news.test:{port}"))
    assert run.status is RunStatus.FAILED
    assert "news.test is at the private address" in (run.error or "")
    assert site.requests == ()


def test_a_name_in_the_configuration_may_lead_into_this_network(
    env: CrawlEnv, site: Site, resolving: Callable[..., None]
) -> None:
    site.publish(plain_article("one"))
    resolving(["127.0.0.1"])
    env.site = NamedSite(site, "copy.test")  # type: ignore[assignment]
    run = env.crawl(urls=(f"{env.site.url}/en/post/one",))
    assert (run.status, run.new) == (RunStatus.SUCCEEDED, 1)


def test_a_name_that_is_rebound_to_this_network_is_refused(
    env: CrawlEnv, resolving: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Take 127.0.0.1 for public, since a test reaches no other: the name is at 127.0.0.2 from the second query on."""
    resolving(["127.0.0.1"], ["127.0.0.2"])
    monkeypatch.setattr(addresses, "is_public", "127.0.0.1".__eq__)
    monkeypatch.setattr(_DNSCacheTable, "expired", lambda *_: True)
    with RawServer({"/robots.txt": answer(b"", b"Connection: close", status=b"404 Not Found")}) as server:
        env.site = NamedSite(server, "rebound.test")  # type: ignore[assignment]
        run = env.crawl(urls=(f"{env.site.url}/en/post/one",))
        assert server.targets == ["/robots.txt"]
    assert "rebound.test had a public address and is now at the private address 127.0.0.2" in (run.error or "")


@pytest.mark.parametrize(
    "target",
    [
        "http://www.copy.test:{port}/en/post/one",
        "http://2130706433:{port}/en/post/one",
        "http://0x7f000001:{port}/en/post/one",
        "http://017700000001:{port}/en/post/one",
        "http://127.1:{port}/en/post/one",
        "http://[::ffff:127.0.0.1]:{port}/en/post/one",
        "http://localhost:{port}/en/post/one",
        "http://127.0.0.1:{port}/en/post/one",
    ],
)
def test_a_redirect_does_not_lead_into_this_network(
    target: str, env: CrawlEnv, site: Site, resolving: Callable[..., None]
) -> None:
    site.publish_many([plain_article("one"), plain_article("moved")])
    resolving(["127.0.0.1"])
    port = site.url.rpartition(":")[2]
    site.misbehave("moved", bad.redirect(target.format(port=port)))
    env.site = NamedSite(site, "copy.test")  # type: ignore[assignment]
    run = env.crawl(urls=(f"{env.site.url}/en/post/moved",))
    assert run.status is RunStatus.FAILED
    assert site.requests_for("one") == ()
