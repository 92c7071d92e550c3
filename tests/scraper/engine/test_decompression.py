"""Test that a compressed body is read whole or not at all."""

from __future__ import annotations

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.engine.decompression import DamagedBodyError, TruncatedBodyError, decompress
from tests.support.site.bad_bytes import COMPRESSORS, damaged

TEXT = "Парламент проголосовал. The vote is over, with 15 million for it. ".encode() * 40
LARGE = bytes(range(256)) * 2_000
CODINGS = [name for name in COMPRESSORS if name]
MEMBERS = ["gzip", "zstd"]


def read(body: bytes, name: str, *, max_size: int = 0) -> bytes:
    return decompress(body, name.removeprefix("raw ").encode(), max_size=max_size)


@pytest.mark.parametrize("text", [b"", b"x", TEXT, LARGE], ids=["nothing", "a byte", "text", "large"])
@pytest.mark.parametrize("name", CODINGS)
def test_a_whole_body_is_read(name: str, text: bytes) -> None:
    assert read(COMPRESSORS[name](text), name) == text
    assert read(b"", name) == b""


@pytest.mark.parametrize("name", CODINGS)
def test_a_body_cut_at_any_byte_is_not_read(name: str) -> None:
    body = COMPRESSORS[name](TEXT)
    for end in range(1, len(body)):
        with pytest.raises(TruncatedBodyError):
            read(body[:end], name)


@pytest.mark.parametrize("name", CODINGS)
def test_a_large_body_cut_near_its_end_or_middle_is_not_read(name: str) -> None:
    body = COMPRESSORS[name](LARGE)
    for end in (len(body) // 2, len(body) - 10, len(body) - 1):
        with pytest.raises(TruncatedBodyError):
            read(body[:end], name)


@pytest.mark.parametrize("name", ["gzip", "deflate", "zstd"])
@pytest.mark.parametrize("text", [b"x", TEXT, LARGE], ids=["a byte", "text", "large"])
def test_a_wrong_checksum_is_damage(name: str, text: bytes) -> None:
    with pytest.raises(DamagedBodyError):
        read(damaged(COMPRESSORS[name](text)), name)


@pytest.mark.parametrize("at", [-4, -5, -8])
def test_a_wrong_gzip_trailer_is_damage(at: int) -> None:
    body = bytearray(gzip.compress(TEXT))
    body[at] ^= 1
    with pytest.raises(DamagedBodyError):
        read(bytes(body), "gzip")


@pytest.mark.parametrize("name", MEMBERS)
def test_all_members_are_read_and_none_is_read_in_part(name: str) -> None:
    one, two = COMPRESSORS[name](TEXT), COMPRESSORS[name](b"The end.")
    assert read(one + two, name) == TEXT + b"The end."
    assert read(one + two + one, name) == TEXT + b"The end." + TEXT
    for end in range(len(one) + 1, len(one + two)):
        with pytest.raises(TruncatedBodyError):
            read((one + two)[:end], name)


@pytest.mark.parametrize("padding", [b"\0", b"\0" * 512, b"\r\n", b"<!-- cache -->"])
@pytest.mark.parametrize("name", ["gzip", "deflate", "raw deflate", "zstd"])
def test_bytes_behind_the_end_are_dropped(name: str, padding: bytes) -> None:
    assert read(COMPRESSORS[name](TEXT) + padding, name) == TEXT


@pytest.mark.parametrize("name", CODINGS)
def test_a_size_beyond_the_maximum_is_refused(name: str) -> None:
    body = COMPRESSORS[name](LARGE)
    assert len(read(body, name, max_size=len(LARGE))) == len(LARGE)
    with pytest.raises(ValueError, match="exceeded the specified maximum"):
        read(body, name, max_size=len(LARGE) - 1)


@given(st.sampled_from(CODINGS), st.binary(min_size=1, max_size=300), st.data())
def test_a_part_of_a_body_is_never_taken_for_it(name: str, text: bytes, data: st.DataObject) -> None:
    body = COMPRESSORS[name](text)
    end = data.draw(st.integers(1, len(body) - 1))
    with pytest.raises(TruncatedBodyError):
        read(body[:end], name)
