"""Test the decoding of pages with right, wrong and missing charsets."""

from __future__ import annotations

import pytest

from scraper.parsing.decoding import decode, parse, sniff_non_html

RUSSIAN = "Комиссия закончила подсчёт голосов — «без спешки»."
MIXED = "Caliber.Az: Комиссия, ГУАМ и NATO обсудили план №5 за 20 €"


@pytest.mark.parametrize(
    ("body", "content_type", "text"),
    [
        (RUSSIAN.encode(), None, RUSSIAN),
        (RUSSIAN.encode("utf-8-sig"), "text/html; charset=windows-1251", RUSSIAN),
        (RUSSIAN.encode("utf-16"), None, RUSSIAN),
        (RUSSIAN.encode("cp1251"), None, RUSSIAN),
        (MIXED.encode("cp1251"), None, MIXED),
        (RUSSIAN.encode("cp1251"), "text/html; charset=UTF-8", RUSSIAN),
        (RUSSIAN.encode("cp1251"), "text/html; charset = 'windows-1251'", RUSSIAN),
        ("Комиссия".encode("koi8-r"), "text/html;charset=KOI8-R", "Комиссия"),
        ("Türkiye “café” naïve".encode("cp1252"), None, "Türkiye “café” naïve"),
        ("“quoted”".encode("cp1252"), "text/html; charset=ISO-8859-1", "“quoted”"),
        ("Şuşa, Iğdır".encode("cp1254"), "text/html; charset=iso-8859-9", "Şuşa, Iğdır"),
        (b"Baku", "text/html; charset=nonsense", "Baku"),
        (b"\\u0041", "text/html; charset=unicode_escape", "\\u0041"),
        (b"6261", "text/html; charset=hex", "6261"),
        (b"+AGE-", "text/html; charset=utf-7", "+AGE-"),
        (b"", None, ""),
    ],
)
def test_decode(body: bytes, content_type: str | None, text: str) -> None:
    assert decode(body, content_type) == text


def test_a_header_counts_more_than_a_meta_tag() -> None:
    page = f'<META http-equiv=x content="text/html; charset=koi8-r"><p>{RUSSIAN}'.replace("—", "-").replace("«", '"')
    page = page.replace("»", '"')
    assert decode(page.encode("koi8-r")) == page
    assert decode(page.encode("cp1251"), "text/html; charset=windows-1251") == page


def test_a_few_broken_bytes_do_not_make_utf_8_something_else() -> None:
    body = RUSSIAN.encode() + b" \xff\xfe " + RUSSIAN.encode()[:-2]
    assert decode(body).startswith(RUSSIAN)
    assert decode(body).count("\ufffd") == 2 + 1


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (b"", "empty"),
        (b" \r\n ", "empty"),
        (b"%PDF-1.7", "a PDF"),
        (b"\x89PNG\r\n", "a picture"),
        (b"\xff\xd8\xff\xe0", "a picture"),
        (b"PK\x03\x04", "a ZIP archive"),
        (b' \n{"a": 1}', "JSON"),
        (b"\xef\xbb\xbf[1]", "JSON"),
        (b"<html>", None),
        (b"\xef\xbb\xbf <!doctype html>", None),
        (b"plain words", None),
        (b" " * 5000 + b"<p>", None),
        ("<p>".encode("utf-16"), None),
    ],
)
def test_what_else(body: bytes, name: str | None) -> None:
    assert sniff_non_html(body) == name


def test_parse() -> None:
    root = parse("<p>a\0b<!-- c --><?php d ?>\ud83d</p>" + "<i>" * 1000 + "deep")
    assert root is not None
    assert "".join(root.itertext()) == "ab?deep"


@pytest.mark.parametrize("text", ["", " \n", "<!-- nothing -->"])
def test_parse_nothing(text: str) -> None:
    assert parse(text) is None
