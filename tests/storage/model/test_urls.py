"""The canonical form of addresses: one text for every spelling, and never one text for two addresses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.model.urls import MAX_URL_LENGTH, Origin, canonicalize, origin, request_url

HOME = "https://caliber.az"

SPELLINGS = {
    "fragment": f"{HOME}/en/post/x#views",
    "tracking": f"{HOME}/en/post/x?utm_source=tg&utm_medium=a&fbclid=1&gclid=2&yclid=3",
    "tracking in capitals": f"{HOME}/en/post/x?UTM_Source=tg",
    "tracking in escapes": f"{HOME}/en/post/x?%75tm_source=tg",
    "empty query": f"{HOME}/en/post/x?&",
    "trailing slashes": f"{HOME}/en/post/x//",
    "www": "https://www.caliber.az/en/post/x",
    "www twice": "https://www.www.caliber.az/en/post/x",
    "http": "http://caliber.az/en/post/x",
    "http and its port": "http://caliber.az:80/en/post/x",
    "https and its port": "https://caliber.az:443/en/post/x",
    "empty port": "https://caliber.az:/en/post/x",
    "capitals": "HTTPS://Caliber.AZ/en/post/x",
    "dot after the host": "https://caliber.az./en/post/x",
    "needless escape": f"{HOME}/en/p%6Fst/%78",
    "dot segments": f"{HOME}/en/a/.././%2e/post/x",
    "white space around": f"\u00a0 \n{HOME}/en/post/x\t\ufeff",
    "white space and NUL inside": f"{HOME}/en/po\nst\0/x",
    "backslashes in the path": f"{HOME}/en\\post\\x",
    "a backslash at the end": f"{HOME}/en/post/x\\?utm_source=a",
    "an escaped dot segment behind a backslash": f"{HOME}/en/post/y\\%2e%2e\\x",
}


@pytest.mark.parametrize("url", SPELLINGS.values(), ids=SPELLINGS)
def test_spellings_of_one_address(url: str) -> None:
    assert canonicalize(url) == f"{HOME}/en/post/x"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (HOME, f"{HOME}/"),
        (f"{HOME}/?page=2&b=1&a=", f"{HOME}/?page=2&b=1&a="),
        (f"{HOME}/en/post/X", f"{HOME}/en/post/X"),
        (f"{HOME}/post/a%2fb", f"{HOME}/post/a%2Fb"),
        (f"{HOME}/post/50%", f"{HOME}/post/50%25"),
        (f"{HOME}/post/сон?q=ə", f"{HOME}/post/%D1%81%D0%BE%D0%BD?q=%C9%99"),
        (f"{HOME}/post/a b", f"{HOME}/post/a%20b"),
        (f"{HOME}/post/a?q=\\b", f"{HOME}/post/a?q=%5Cb"),
        ("https://Пример.рф/", "https://xn--e1afmkfd.xn--p1ai/"),
        ("http://caliber.az:8080/a/", "http://caliber.az:8080/a"),
        ("http://127.0.0.1:8099/en/post/x", "http://127.0.0.1:8099/en/post/x"),
        ("http://127.0.0.1:80/", "http://127.0.0.1/"),
        ("http://[0:0::1]:8099/a", "http://[::1]:8099/a"),
        ("http://localhost/a", "http://localhost/a"),
        ("http://www.com/", "https://www.com/"),
    ],
)
def test_what_carries_meaning_stays(url: str, expected: str) -> None:
    assert canonicalize(url) == expected


NO_ADDRESSES = {
    "nothing": "",
    "a path": "/en/post/x",
    "no scheme": "//caliber.az/en/post/x",
    "another scheme": "ftp://caliber.az/x",
    "a script": "javascript:alert(1)",
    "no host": "https:///en/post/x",
    "a user": "https://user@caliber.az/",
    "a user made of a host": "https://caliber.az\\@evil.example/",
    "a port too high": "https://caliber.az:65536/",
    "port 0": "https://caliber.az:0/",
    "a port of letters": "https://caliber.az:http/",
    "an open bracket": "http://[::1",
    "a bracket around a name": "http://[caliber.az]/",
    "an IP address in short": "http://127.1/",
    "an IP address as one number": "http://2130706433/",
    "an escape in the host": "https://calibe%72.az/",
    "an empty label": "https://caliber..az/",
    "a label too long": f"https://{'a' * 64}.az/",
    "a lone surrogate": f"{HOME}/post/\ud800",
    "a slash hidden in the host": "https://caliber.az\u2100/",
    "too long": f"{HOME}/{'a' * MAX_URL_LENGTH}",
}


@pytest.mark.parametrize("url", NO_ADDRESSES.values(), ids=NO_ADDRESSES)
def test_no_address(url: str) -> None:
    assert canonicalize(url) is None


def test_origin() -> None:
    assert origin("HTTP://www.Caliber.az:80/x") == Origin("https", "caliber.az", None)
    assert str(origin("http://127.0.0.1:8099/x")) == "http://127.0.0.1:8099"
    assert origin("mailto:a@caliber.az") is None


PIECES = st.text(alphabet=st.sampled_from(list("htp:/.?#%@[]w&=utm_019afZ \\\t\0é\u3002\ud800İß-")), max_size=40)
ADDRESSES = st.one_of(
    st.text(),
    PIECES,
    PIECES.map("http://".__add__),
    PIECES.map("https://www.caliber.az/".__add__),
    st.text().map("https://caliber.az/".__add__),
)


@given(ADDRESSES)
def test_canonical_is_stable_ascii_and_never_raises(url: str) -> None:
    cleaned = canonicalize(url)
    if cleaned is None:
        return
    assert canonicalize(cleaned) == cleaned
    assert cleaned.isascii()
    assert cleaned.startswith(str(origin(url)))


@given(
    st.from_regex(r"/[a-z0-9/._-]{0,40}", fullmatch=True), st.sampled_from(["", "?utm_source=x", "#top", "?fbclid=1#x"])
)
def test_what_is_added_to_follow_readers_changes_nothing(path: str, added: str) -> None:
    assert canonicalize(f"http://www.caliber.az{path}{added}") == canonicalize(f"{HOME}{path}")


@pytest.mark.parametrize(
    ("reference", "requested"),
    [
        ("", f"{HOME}/en/list/?p=1"),
        ("#top", f"{HOME}/en/list/?p=1"),
        ("?", f"{HOME}/en/list/?"),
        ("?b=2&a=%27", f"{HOME}/en/list/?b=2&a=%27"),
        ("a%2Fb;", f"{HOME}/en/list/a%2Fb;"),
        ("./../x/./", f"{HOME}/en/x/"),
        ("../../../x/..", f"{HOME}/"),
        ("%2e%2E/%2e/x", f"{HOME}/en/x"),
        ("..%2Fx", f"{HOME}/en/list/..%2Fx"),
        ("/a//b///", f"{HOME}/a//b///"),
        ("\\x\\y?a\\b", f"{HOME}/x/y?a\\b"),
        ("//www.Bücher.example:443/ä", "https://www.xn--bcher-kva.example/%C3%A4"),
        ("HTTP://www.caliber.az.:80", "http://www.caliber.az/"),
        (" http://127.0.0.1:8099/x\n", "http://127.0.0.1:8099/x"),
        ("/%zz%e9%C3%a9é", f"{HOME}/%zz%e9%C3%a9%C3%A9"),
        ('/{a}|`^"<>?{a}|`^"<>\'', f"{HOME}/%7Ba%7D|%60%5E%22%3C%3E?{{a}}|`^%22%3C%3E'"),
        ("mailto:a@caliber.az", None),
        ("javascript:x", None),
        ("https:x", None),
        ("https://me@caliber.az/x", None),
        ("https://[::1/x", None),
    ],
)
def test_a_reference_is_requested_as_a_browser_does(reference: str, requested: str | None) -> None:
    found = request_url(reference, f"{HOME}/en/list/?p=1")
    assert (None if found is None else str(found)) == requested


@given(ADDRESSES)
def test_a_request_url_is_stable_sendable_and_of_the_same_article(url: str) -> None:
    found = request_url(url, f"{HOME}/en/")
    if found is None:
        return
    sent = str(found)
    assert request_url(sent) == found
    assert all("\x21" <= character <= "\x7e" for character in sent)
    if "\\" not in url and "://" in url.partition("?")[0]:
        assert canonicalize(sent) == canonicalize(url)
