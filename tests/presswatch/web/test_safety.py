"""Who may read and change: decided without a server."""

from __future__ import annotations

from dataclasses import replace

import pytest

from presswatch.web.safety.hosts import KnownHosts, foreign_request, is_local
from presswatch.web.safety.limits import RateLimiter
from presswatch.web.safety.preconditions import require_protection
from presswatch.web.safety.tokens import FormTokens, hash_token, is_token, new_token
from storage.config.web_settings import WebSettings, token_hash, web_address
from storage.model.errors import ConfigError

SETTINGS = WebSettings()
OWN = {"host": "127.0.0.1:8765", "origin": "http://127.0.0.1:8765"}


def test_a_token_is_known_by_its_hash_alone() -> None:
    token = new_token()
    stored = hash_token(token)
    assert is_token(token, stored)
    assert token not in stored
    assert not is_token(token + "x", stored)
    assert not is_token("", stored)
    assert not is_token("", "")
    assert token_hash(stored) == stored


@pytest.mark.parametrize("typed", ["secret", "sha256:", "sha256:" + "g" * 64, 5, None])
def test_a_token_itself_is_refused_where_its_hash_belongs_and_not_repeated(typed: object) -> None:
    with pytest.raises(ValueError, match="--new-token") as caught:
        token_hash(typed)
    assert str(typed) not in str(caught.value)


def test_a_form_is_valid_for_the_browser_and_the_process_it_was_made_for() -> None:
    forms = FormTokens()
    field = forms.issue("cookie")
    assert forms.is_valid("cookie", field)
    assert not forms.is_valid("other", field)
    assert not forms.is_valid("", forms.issue(""))
    assert not forms.is_valid("cookie", "")
    assert not forms.is_valid("cookie", "é")
    assert not FormTokens().is_valid("cookie", field)


@pytest.mark.parametrize(
    ("host", "accepted"),
    [
        ("127.0.0.1:8765", True),
        ("localhost", True),
        ("[::1]:8765", True),
        ("192.168.1.7:8765", True),  # no name: no other site can lead here by it
        ("press.example.org", True),
        ("PRESS.example.org:443", True),
        ("desk.example.org", True),
        ("evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("press.example.org@evil.example", False),
        ("", False),
        ("a b", False),
        ("localhost:port", False),
        ("localhost/x", False),
    ],
)
def test_hosts(host: str, accepted: bool) -> None:
    settings = replace(SETTINGS, public_url="https://press.example.org", allowed_hosts=("desk.example.org",))
    assert KnownHosts.of(settings, "0.0.0.0").accepts(host) is accepted


@pytest.mark.parametrize(
    ("method", "headers", "is_refused"),
    [
        ("GET", {}, False),
        ("GET", {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}, False),
        ("GET", {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}, True),
        ("GET", {"sec-fetch-site": "same-site", "sec-fetch-mode": "cors"}, True),
        ("POST", OWN, False),
        ("POST", OWN | {"sec-fetch-site": "same-origin"}, False),
        ("POST", OWN | {"sec-fetch-site": "same-site"}, True),
        ("POST", OWN | {"origin": "http://127.0.0.1:9999"}, True),
        ("POST", OWN | {"origin": "null"}, True),
        ("POST", OWN | {"origin": "https://evil.example"}, True),
        ("POST", OWN | {"origin": "file://"}, True),
        ("POST", {"host": "127.0.0.1:8765"}, True),
        ("POST", {"host": "press.example.org", "origin": "https://press.example.org"}, False),
        ("DELETE", OWN | {"origin": "https://evil.example"}, True),
    ],
)
def test_a_change_must_come_from_our_own_pages(method: str, headers: dict[str, str], is_refused: bool) -> None:
    hosts = KnownHosts.of(replace(SETTINGS, public_url="https://press.example.org"), "127.0.0.1")
    assert (foreign_request(method, headers, hosts) is not None) is is_refused


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.0.1", "::1", "[::1]", "localhost", "LOCALHOST"])
def test_this_machine(host: str) -> None:
    assert is_local(host)
    assert require_protection(SETTINGS, host) is None


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.7", "press.example.org", ""])
def test_other_machines_need_a_token_or_a_switch_with_a_warning(host: str) -> None:
    assert not is_local(host)
    with pytest.raises(ConfigError, match=r"web\.token_hash.*web\.allow_anonymous"):
        require_protection(SETTINGS, host)
    assert require_protection(replace(SETTINGS, token_hash=hash_token("x")), host) is None
    warning = require_protection(replace(SETTINGS, allow_anonymous=True), host)
    assert warning is not None
    assert "everybody" in warning


def test_a_proxy_in_front_lets_other_machines_in() -> None:
    with pytest.raises(ConfigError, match=r"web\.public_url"):
        require_protection(replace(SETTINGS, public_url="https://press.example.org"), "127.0.0.1")


@pytest.mark.parametrize("typed", ["press.example.org", "ftp://x", "https://x/path", "https://"])
def test_addresses_of_a_proxy(typed: str) -> None:
    assert web_address("https://Press.example.org/") == "https://press.example.org"
    with pytest.raises(ValueError, match="scheme and host"):
        web_address(typed)


def test_searches_are_limited_for_each_reader() -> None:
    limiter = RateLimiter(60)
    assert [limiter.wait("a", 0.0) for _ in range(15)] == [0.0] * 15
    assert limiter.wait("a", 0.0) == pytest.approx(1.0)
    assert limiter.wait("b", 0.0) == 0.0
    assert limiter.wait("a", 1.0) == 0.0
    assert limiter.wait("a", 1.0) > 0
    assert [limiter.wait("a", 1_000.0) for _ in range(15)] == [0.0] * 15
    assert limiter.wait("a", 1_000.0) > 0


def test_slow_limits_let_one_search_through() -> None:
    limiter = RateLimiter(1)
    assert limiter.wait("a", 0.0) == 0.0
    assert limiter.wait("a", 0.0) == pytest.approx(60.0)
