"""Test that a crawl with an identity signs each request, as verified by a server that admits signed bots only."""

from __future__ import annotations

import http.client
import json
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from scraper.crawl.identity import Identity
from storage.config.settings import SourceSettings
from storage.model.errors import ConfigError
from storage.model.records import FailureStage, RunStatus
from storage.model.urls import authority_of
from tests.support.crawl_env import CrawlEnv
from tests.support.raw_site import FEED, feed, page
from tests.support.signed_only import SignedOnly, Verifier

AGENT = "https://bot.example.org"
TARGETS = ("/en/post/one", "/en/post/two")


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    file = tmp_path / "key.json"
    made = Identity.create(AGENT)
    made.save(file)
    (tmp_path / "directory.json").write_text(made.directory, encoding="utf-8")
    return file


@pytest.fixture
def server(key_file: Path) -> Iterator[SignedOnly]:
    pages = {target: page(target) for target in TARGETS}
    pages |= {FEED: feed(TARGETS), "/robots.txt": b"User-agent: *\nDisallow: /en/post/two\n"}
    with SignedOnly(key_file.with_name("directory.json"), pages) as started:
        yield started


@pytest.fixture
def env(tmp_path: Path, server: SignedOnly) -> CrawlEnv:
    env = CrawlEnv(tmp_path, cast("Any", SimpleNamespace(url=server.url)))
    env.of_source = SourceSettings(channels=({"feed": FEED},))
    return env


def test_a_signed_crawl_is_let_in(env: CrawlEnv, key_file: Path) -> None:
    env.slow_down(identity=str(key_file))
    run = env.crawl()
    assert (run.status, run.new, run.failed) == (RunStatus.SUCCEEDED, 1, 1)
    assert {row.failure_stage for row in env.rows("fetches")} == {None, FailureStage.ROBOTS}  # robots.txt was read


def test_an_unsigned_crawl_is_blocked(env: CrawlEnv) -> None:
    run = env.crawl()
    assert run.status is RunStatus.FAILED
    assert "blocked: answered 403" in (run.error or "")


def test_only_a_fresh_signature_for_this_host_is_accepted(server: SignedOnly, key_file: Path) -> None:
    identity, now, authority = Identity.load(key_file), datetime.now(UTC), authority_of(server.url)

    def status(headers: Mapping[str, str]) -> tuple[int, str]:
        connection = http.client.HTTPConnection(authority)
        connection.request("GET", TARGETS[0], headers=dict(headers))
        response = connection.getresponse()
        text = response.read().decode()
        connection.close()
        return response.status, "" if response.status == 200 else text

    good = identity.sign(authority, now=now)
    assert status(good) == (200, "")
    assert status(good) == (403, "used before")
    assert status(identity.sign(authority, now=now)) == (200, "")
    assert status(identity.sign(authority, now=now - timedelta(minutes=2))) == (403, "expired")
    assert status(identity.sign("other.example", now=now)) == (403, "wrong signature")
    tampered: dict[str, Callable[[str], str]] = {
        "Signature-Agent": lambda value: value.replace("bot", "bat"),
        "Signature-Input": lambda value: value.replace(";created=", ";created=1"),
        "Signature": lambda value: value[:7] + ("A" if value[7] != "A" else "B") + value[8:],
    }
    for name, change in tampered.items():
        fresh = dict(identity.sign(authority, now=now))
        assert status(fresh | {name: change(fresh[name])})[0] == 403
    assert status(Identity.create(AGENT).sign(authority, now=now)) == (403, "unknown key or tag")
    assert status({}) == (403, "not signed")


def test_the_thumbprint_is_that_of_the_specification(tmp_path: Path) -> None:
    """Check against the key of RFC 9421 appendix B.1.4 and its thumbprint in the drafts of Web Bot Auth."""
    document = {
        "kty": "OKP",
        "crv": "Ed25519",
        "d": "n4Ni-HpISpVObnQMW0wOhCKROaIKqKtW_2ZYb2p9KcU",
        "x": "JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs",
        "signature_agent": AGENT,
    }
    file = tmp_path / "rfc.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    file.chmod(0o600)
    assert Identity.load(file).key_id == "poqkLGiymh_W0uP6PZFw-dvez3QJT5SolqXBCW38r0U"


def test_the_verifier_accepts_the_example_of_the_draft() -> None:
    """Verify its Ed25519 example with a Signature-Agent, so that signer and verifier here cannot err together."""
    directory = {"keys": [{"x": "JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs"}]}
    headers = {
        "Host": "example.com",
        "Signature-Agent": 'agent2="https://signature-agent.test"',
        "Signature-Input": 'sig2=("@authority" "signature-agent";key="agent2");created=1735689600;'
        'keyid="poqkLGiymh_W0uP6PZFw-dvez3QJT5SolqXBCW38r0U";alg="ed25519";expires=4889289600;'
        'nonce="n9p433xm+NJ3ph3upfBIGmsuwHw387YV7Q/F+6BSpGCVjYCqQw6rznNA8PVVLySrAWsv0hQtFioQb6E1YsauiA==";'
        'tag="web-bot-auth"',
        "Signature": "sig2=:RdNFx5Bj6au3YgAMQL/RzmUlZE8QZLIaXGRpw985hWnwPfMxT228NMk6ehRS1PSl4e8PhbNZACSanGdhEwYCCg==:",
    }
    assert Verifier(directory, longest=2**32).refusal(headers, now=1735689700.0) is None


@pytest.mark.parametrize(
    ("url", "authority"),
    [
        ("https://News.Test/x", "news.test"),
        ("https://news.test:443/x", "news.test"),
        ("http://news.test:80", "news.test"),
        ("https://news.test:80/x", "news.test:80"),
        ("http://[::1]:8000/x", "[::1]:8000"),
    ],
)
def test_the_authority_is_normalized(url: str, authority: str) -> None:
    assert authority_of(url) == authority


def test_the_command_makes_and_shows_an_identity(env: CrawlEnv) -> None:
    made = env.command("identity", "new", AGENT, "--key", "bot.json")
    assert made.returncode == 0
    key, directory = env.folder / "bot.json", env.folder / "bot-directory.json"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    published = json.loads(directory.read_text(encoding="utf-8"))
    secret = json.loads(key.read_text(encoding="utf-8"))["d"]
    assert secret not in directory.read_text(encoding="utf-8") + made.stdout
    with (env.folder / "presswatch.toml").open("a", encoding="utf-8") as settings:
        settings.write('identity = "bot.json"\n')
    shown = env.command("identity", "show")
    assert json.loads(shown.stdout[shown.stdout.index("{") :]) == published
    assert f"{AGENT}/.well-known/http-message-signatures-directory" in shown.stdout
    assert secret not in shown.stdout
    again = env.command("identity", "new", AGENT, "--key", "bot.json")
    assert (again.returncode, again.stderr.count("\n")) == (2, 1)
    key.chmod(0o644)
    assert "chmod 600" in env.crawl_command().stderr


@pytest.mark.parametrize("agent", ["example.org", "http://example.org", "https://example.org/bot", "https://", ""])
def test_an_agent_is_an_https_origin(agent: str) -> None:
    with pytest.raises(ConfigError, match="is not the origin of a key directory"):
        Identity.create(agent)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"d": "AAAA", "signature_agent": "https://example.org"}', "\x00"])
def test_a_damaged_key_file_is_refused_in_one_line(text: str, tmp_path: Path) -> None:
    file = tmp_path / "key.json"
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT, 0o600)
    os.write(descriptor, text.encode())
    os.close(descriptor)
    with pytest.raises(ConfigError, match="damaged"):
        Identity.load(file)
