"""Test the decoding of pages with right, wrong and missing charsets."""

from __future__ import annotations

import pytest

from scraper.parsing.decoding import as_utf8, decode, sniff_non_html

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


@pytest.mark.parametrize(
    ("label", "codec", "text"),
    [
        ("gb2312", "gb18030", "新华社北京电 镕鎔€㐀"),
        ("GBK", "gb18030", "朱镕基 𠮷"),
        ("euc-kr", "cp949", "똠방각하 펲시콜라"),
        ("ks_c_5601-1987", "cp949", "쌰햏"),
        ("shift_jis", "cp932", "①髙﨑～㈱"),
        ("x-sjis", "cp932", "ニュース①"),
        ("big5", "big5hkscs", "香港㗎嘅"),
        ("iso-8859-11", "cp874", "ข่าว€"),
        ("x-cp1251", "cp1251", RUSSIAN),
    ],
)
def test_a_charset_is_read_as_its_superset(label: str, codec: str, text: str) -> None:
    body = f'<meta charset="{label}"><p>{text}'.encode(codec)
    assert decode(body).endswith(text)
    assert decode(text.encode(codec), f"text/html; charset={label}") == text


@pytest.mark.parametrize("label", ["utf-16", "utf-16le", "utf-16be"])
def test_a_page_that_names_utf_16_in_its_markup_is_in_utf_8(label: str) -> None:
    body = f'<meta charset="{label}"><p>{RUSSIAN}'.encode()
    assert decode(body) == body.decode()
    assert decode(RUSSIAN.encode("utf-16-le"), "text/html; charset=utf-16le") == RUSSIAN


@pytest.mark.parametrize("label", ["cp037", "cp500", "utf-32", "utf-7", "unicode_escape", "rot13"])
def test_a_charset_that_hides_markup_is_not_read(label: str) -> None:
    assert decode(b"<p>Baku", f"text/html; charset={label}") == "<p>Baku"


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (RUSSIAN.encode(), None),
        (RUSSIAN.encode(), "text/html; charset=UTF-8"),
        (b"plain", "text/html"),
        (f'<meta charset="utf8">{RUSSIAN}'.encode(), None),
    ],
)
def test_a_body_in_utf_8_is_not_encoded_again(body: bytes, content_type: str | None) -> None:
    assert as_utf8(body, content_type) is body


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (RUSSIAN.encode("cp1251"), None),
        (RUSSIAN.encode("utf-8-sig"), None),
        (RUSSIAN.encode("utf-16"), None),
        (RUSSIAN.encode()[:-1], None),
        (RUSSIAN.encode("koi8-r", "replace"), "text/html; charset=koi8-r"),
        (RUSSIAN.encode("cp1251"), "text/html; charset=utf-8"),
        (b"\xd8\x00", "text/html; charset=utf-16be"),
    ],
)
def test_another_body_is_decoded_and_encoded(body: bytes, content_type: str | None) -> None:
    assert as_utf8(body, content_type) == decode(body, content_type).encode("utf-8", "replace")
