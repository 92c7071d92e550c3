"""Test the registrable domain of a source, by which its host is locked."""

from __future__ import annotations

import pytest

from scheduler.cluster.domains import registrable_domain


@pytest.mark.parametrize(
    ("url", "domain"),
    [
        ("https://www.bbc.co.uk/news", "bbc.co.uk"),
        ("https://feeds.bbc.co.uk:8443", "bbc.co.uk"),
        ("https://caliber.az", "caliber.az"),
        ("https://xn--80ak6aa92e.com/", "xn--80ak6aa92e.com"),
        ("http://127.0.0.1:8000/en", "127.0.0.1"),
        ("http://[::1]:8000", "::1"),
        ("http://newsroom:80", "newsroom"),
    ],
)
def test_the_registrable_domain_is_the_lock_of_a_source(url: str, domain: str) -> None:
    assert registrable_domain(url) == domain
