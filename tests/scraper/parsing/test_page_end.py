"""Test that a page that ends too early is told from one that only omits end tags."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.parsing.page_end import find_early_end
from storage.model.page_end import kind_of
from tests.support.growth import assert_linear
from tests.support.paths import PAGES
from tests.support.site.bad_bytes import broken_html

START = "<!DOCTYPE html><html lang='en'><head><title>T</title></head><body class='x'>"
TEXT = "<div class='post'><h1>Title</h1><div class='text'><p>First.<p>Second."
PROPER = {
    "all end tags": f"{START}{TEXT}</div></div></body></html>\n",
    "no end tag of html": f"{START}{TEXT}</div></div></BODY>",
    "a cache's comment behind it": f"{START}{TEXT}</div></div></body></html>\n<!-- Page cached in 0.3 s -->",
    "half a comment behind it": f"{START}{TEXT}</div></div></body></html>\n<!-- Page cac",
    "an unclosed div, but an end": f"{START}{TEXT}</body></html>",
    "an open comment, but an end": f"{START}{TEXT}<!-- never closed </body></html>",
    "only optional tags omitted": f"{START}{TEXT}</div></div>",
    "all optional tags omitted": "<!DOCTYPE html><title>T</title><h1>Title</h1><p>First.<p>Second.<ul><li>x<li>y</ul>",
    "a sign in the text": f"{START}{TEXT} 3 < 4 & 5 > 4.</div></div>",
    "a script with a tag": f"{START}<script>document.write('<div><p')</script>{TEXT}</div></div>",
    "an open iframe": f"{START}<iframe src='x'>{TEXT}</div></div>",
    "an attribute with a tag": f'{START}<div data-x="<div><!--"></div>{TEXT}</div></div>',
}
EARLY = {
    "without </html>": (
        *(f"{START}{TEXT}", f"{START}{TEXT}</div>", START, START[: START.index("<body")]),
        *("<html><body><p>Text", "<head>", "<title>Untitled<p>Text"),
    ),
    "inside a tag": (f"{START}{TEXT}<", f"{START}{TEXT}</", f"{START}{TEXT}</di", f"{START}<a href='x", "<!DOCTYPE ht"),
    "inside a comment": (f"{START}{TEXT}<!-- ad", f"{START}{TEXT}</div></div><!-- ad --", f"{START}<!--<p>--! >"),
    "inside a script": (f"{START}<script>x('</html", f"{START}<script>x('</body></html>');", f"{START}<SCRIPT>x</scr>"),
    "inside a style": (f"{START}<style>.a {{", f"{START}{TEXT}</div></div><style>", f"{START}<style media=x></sty"),
    "inside a character": (f"{START}{TEXT} п".encode()[:-1], f"{START}<p>…".encode()[:-2] + b"", b"<div>\xf0\x9f\x92"),
}
WHOLE = [path for path in sorted(PAGES.glob("*/*/page.html")) if path.read_bytes()[-20:].endswith(b">\n")]


@pytest.mark.parametrize("text", PROPER.values(), ids=PROPER)
def test_a_page_with_a_proper_end(text: str) -> None:
    assert find_early_end(text.encode(), text.encode()) is None


@pytest.mark.parametrize(("kind", "page"), [(kind, page) for kind, pages in EARLY.items() for page in pages])
def test_a_page_that_ends_too_early(kind: str, page: str | bytes) -> None:
    body = page if isinstance(page, bytes) else page.encode()
    found = find_early_end(body.decode("utf-8", "ignore").encode(), body)
    assert found is not None
    assert (found.field, kind_of(found)) == ("page", f"ends {kind}")


def test_the_problem_quotes_the_end() -> None:
    found = find_early_end(f"{START}{TEXT}\n\0 The \x1b[31m  talks\twith".encode())
    assert found is not None
    assert found.reason.endswith("<p>First.<p>Second. The [31m talks with")
    assert len(found.reason) < 100


@pytest.mark.parametrize("path", WHOLE, ids=[path.parent.name for path in WHOLE])
def test_a_saved_page_has_a_proper_end_but_no_half_of_it(path: Path) -> None:
    body = path.read_bytes()
    text = body.decode("utf-8", "replace")
    assert find_early_end(text.encode(), body) is None
    assert find_early_end(broken_html(text.encode())) is not None
    for share in (0.3, 0.5, 0.8, 0.95):
        half = text[: int(len(text) * share)]
        assert find_early_end(half.encode()) is not None


@given(
    st.lists(st.sampled_from([*"<>/!-='\" a&\n", "</", "<!--", "-->", "<script>", "</script", "div", "<p>", "</html>"]))
)
def test_any_text_has_an_answer(pieces: list[str]) -> None:
    text = "".join(pieces)
    found = find_early_end(text.encode(), text.encode())
    assert found is None or found.field == "page"


@pytest.mark.long
@pytest.mark.parametrize(
    "piece", ["<iframe>", "<div ", "<textarea>", "<p>", "</", "<a b='", "</script", "<a ==>", "<!-->"]
)
def test_a_page_is_scanned_once(piece: str) -> None:
    texts = {size: (piece * (30_000 * size)).encode() for size in (1, 2)}
    assert_linear(lambda size: find_early_end(texts[size]), 1)
