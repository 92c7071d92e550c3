"""Render the parts around the article on every page: head, header, footer, with the size of a real page."""

from __future__ import annotations

import functools
import random
from html import escape

from tests.support.site.articles import section_label, section_path
from tests.support.site.words import TERMS

_HEADER_LINKS = (
    ("https://x.com/caliberaz", "twitter"),
    ("https://www.youtube.com/@caliberaz", "youtube"),
    ("https://www.instagram.com/caliber.az", "instagram"),
    ("https://www.facebook.com/caliberaz", "facebook"),
    ("https://t.me/caliberaz", "telegram"),
    ("https://apps.apple.com/app/caliber", "apple store"),
    ("https://play.google.com/store/apps/caliber", "play market"),
)
_LANGUAGES = (("/", "ru"), ("/arm", "arm"), ("/en", "en"))
_MENU = {"ru": ("politika", "mir", "ekonomika", "obshhestvo"), "en": ("politics", "world", "economics", "society")}


def page(*, title: str, language: str, meta: str, main: str, weight: int) -> str:
    """A whole HTML page, padded with menus and inline scripts up to about `weight` bytes of UTF-8."""
    top = _head(title, language, meta) + _header(language)
    bottom = f"</main>{_footer()}</body></html>"
    size = sum(len(text.encode("utf-8", "surrogatepass")) for text in (top, main, bottom))
    return f"{top}{_padding(max(0, weight - size))}<main>{main}{bottom}"


def _head(title: str, language: str, meta: str) -> str:
    return (
        f'<!DOCTYPE html>\n<html lang="{language}"><head><meta charset="utf-8">'
        f"<title>{escape(title)}</title>"
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'{meta}<link rel="icon" href="/favicon.ico">'
        '<link rel="stylesheet" href="/templates/Default/css/style.css"></head>'
    )


def _header(language: str) -> str:
    social = "".join(f'<a class="header_social" href="{url}">{name}</a>' for url, name in _HEADER_LINKS)
    languages = "".join(f'<a class="header_lang" href="{path}">{name}</a>' for path, name in _LANGUAGES)
    menu = "".join(
        f'<li><a href="{section_path(slug, language)}">{section_label(slug, language)}</a></li>'
        for slug in _MENU.get(language, ())
    )
    return (
        f'<body><header class="header"><div class="header_socials">{social}</div>'
        f'<div class="header_button night_button">night_theme</div>{languages}'
        '<div class="header_button search_button">search</div>'
        '<div class="input_block"><p>WHAT ARE YOU LOOKING FOR ?</p><input type="text" name="q"></div>'
        f'<nav class="header_menu"><ul>{menu}</ul></nav></header>'
    )


def _footer() -> str:
    return (
        f'<footer class="footer"><div class="footer_terms">{TERMS}</div>'
        '<div class="footer_copy">Caliber.az © 2026. .</div>'
        "<script>window.counters=[];(function(d){d.documentElement.dataset.ready='1'})(document);</script>"
        "</footer>"
    )


@functools.cache
def _stuffing() -> str:
    """400 KB of inline scripts and closed boxes of section links, the same in every process; ASCII only."""
    dice = random.Random(7)
    pieces = []
    for number in range(800):
        words = " ".join(f"{dice.getrandbits(32):08x}" for _ in range(24))
        pieces.append(f"<script>window.s{number}='{words}';</script>")
        boxes = "".join(f'<a href="{section_path(slug, "en")}"><i></i></a>' for slug in _MENU["en"])
        pieces.append(f'<div class="menu_box" data-n="{dice.getrandbits(20)}">{boxes}</div>')
    return "\n".join(pieces)


def _padding(size: int) -> str:
    """Whole lines of the stuffing, at most `size` bytes."""
    text = _stuffing()[:size]
    return text[: text.rfind("\n") + 1]
