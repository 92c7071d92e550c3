"""Find the registrable domain of a URL, offline, by the Public Suffix List that comes with tldextract."""

from __future__ import annotations

from functools import cache

from tldextract import TLDExtract

from storage.model.urls import host_of


@cache
def registrable_domain(url: str) -> str:
    """Return the domain that somebody registered, such as `bbc.co.uk` for `https://www.bbc.co.uk/news`.

    The host itself if it has none: an address, or a name of this network.
    """
    host = host_of(url) or ""
    return _extractor().extract_str(host).top_domain_under_public_suffix or host


@cache
def _extractor() -> TLDExtract:
    return TLDExtract(suffix_list_urls=(), cache_dir=None)
