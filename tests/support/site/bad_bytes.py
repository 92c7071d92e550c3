"""Bytes that are not what their address promises. Each is what a reader of a news site has to survive."""

from __future__ import annotations

import functools
import gzip
import re
import sys
import zlib
from collections.abc import Callable, Mapping

import brotli

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MEGABYTE = 1_000_000


def _raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(body) + packer.flush()


COMPRESSORS: Mapping[str, Callable[[bytes], bytes]] = {
    "": bytes,
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "raw deflate": _raw_deflate,
    "br": brotli.compress,
    "zstd": lambda body: zstd.compress(body, options={zstd.CompressionParameter.checksum_flag: 1}),
}
"""Compression of a body by content coding, with a checksum where the coding has one."""


def damaged(compressed: bytes) -> bytes:
    """Invert the last byte, which is of a checksum or length, but for brotli and raw deflate."""
    return compressed[:-1] + bytes([compressed[-1] ^ 0xFF])


def pdf() -> bytes:
    """The smallest PDF with one empty page."""
    return (
        b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"
        b"1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 72 72]>>endobj\n"
        b"trailer<</Root 1 0 R>>\n%%EOF\n"
    )


def image() -> bytes:
    """A transparent picture of one pixel, in GIF."""
    return (
        b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00"
        b",\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
    )


def challenge_page() -> bytes:
    """Build the response of a bot wall in place of the page."""
    return (
        b"<!DOCTYPE html><html lang='en'><head><title>Just a moment...</title>"
        b"<meta http-equiv='refresh' content='390'></head><body><div id='challenge-form'>"
        b"<h1>Checking if the site connection is secure</h1><noscript>Enable JavaScript and cookies to "
        b"continue</noscript><script>window._cf_chl_opt={cType:'managed'};</script></div></body></html>"
    )


def error_page() -> bytes:
    """An error in words, without anything an article has."""
    return (
        b"<!DOCTYPE html><html lang='en'><head><title>Error</title></head><body><div class='error'>"
        b"<h1>Page not found</h1><p>The page you are looking for does not exist.</p></div></body></html>"
    )


def list_without_cards() -> bytes:
    """A section's page as its frame without a single card."""
    return (
        b"<!DOCTYPE html><html lang='en'><head><title>POLITICS</title></head><body>"
        b"<div class='category_name'>POLITICS</div><div class='float_blocks'></div></body></html>"
    )


def html_feed() -> bytes:
    """HTML where a feed should be."""
    return b"<!DOCTYPE html><html><head><title>RSS</title></head><body><p>Our feeds</p></body></html>"


def entity_bomb(link: str) -> bytes:
    """A feed of one entry whose title would expand to about 10^9 words of three bytes."""
    entities = ['<!ENTITY lol0 "lol">']
    entities += [f'<!ENTITY lol{n} "{f"&lol{n - 1};" * 10}">' for n in range(1, 10)]
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE rss [{"".join(entities)}]>\n'
        f'<rss version="2.0"><channel><title>Caliber.az</title><link>{link}</link>'
        f"<item><title>&lol9;</title><link>{link}</link></item></channel></rss>"
    ).encode()


def windows_1251(html: bytes, *, declared: bool) -> bytes:
    """The same page in windows-1251, its own `meta charset` naming that or left out."""
    text = html.decode("utf-8", "replace")
    meta = '<meta charset="windows-1251">' if declared else ""
    return text.replace('<meta charset="utf-8">', meta).encode("windows-1251", "xmlcharrefreplace")


def broken_html(html: bytes) -> bytes:
    """The same page as a careless template writes it: no html, head or closing tags, stray ends, bare signs."""
    text = html.decode("utf-8", "surrogatepass")
    text = re.sub(r"<!DOCTYPE html>|</?(?:html|head)\b[^>]*>|</(?:body|p|li|main|footer)>", "", text)
    text = re.sub(r'class="(post_body|post_hits)"', r"class=\1", text)
    text = text.replace("<p>", "</span><p>", 3).replace("</h1>", "</b></h1></i>", 1)
    return f"{text}<p>AT&T & <3 &unknown; <div class='open <!-- never closed".encode("utf-8", "surrogatepass")


@functools.cache
def gzip_bomb(size: int) -> bytes:
    """A gzip file of about a thousandth of `size` that inflates to HTML of at least `size` bytes."""
    start, block = b"<!DOCTYPE html><html><body><p>", b"A" * MEGABYTE
    count = size // MEGABYTE + 1
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    head = packer.compress(start) + packer.flush(zlib.Z_FULL_FLUSH)
    # After a full flush nothing refers back, so one packed block can be in the stream any number of times.
    packed = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    check = zlib.crc32(start)
    for _ in range(count):
        check = zlib.crc32(block, check)
    total = (len(start) + count * len(block)) % 2**32
    trailer = check.to_bytes(4, "little") + total.to_bytes(4, "little")
    return b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff" + head + packed * count + packer.flush() + trailer
