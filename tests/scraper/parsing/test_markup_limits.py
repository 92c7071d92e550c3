"""Test the bounds on markup: what no article has is refused with a reason, and what articles have is not."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from scraper.errors import ChannelError, PageError
from scraper.parsing.list_page import parse_listing_page
from scraper.parsing.markup_limits import (
    COSTLY_SIZE,
    COSTLY_TAGS,
    MAX_ATTRIBUTES,
    MarkupLimitError,
    check_markup,
    deepest,
    is_costly,
    most_attributes,
    most_unclosed,
)
from scraper.parsing.source_urls import SourceUrls
from scraper.reading.article_page import ArticlePage
from scraper.sources import get_source
from tests.support.growth import assert_linear
from tests.support.paths import ROOT

CALIBER = get_source("caliber")
SOURCE_URLS = SourceUrls(CALIBER)
URL = "https://caliber.az/en/post/x"
TEXT = "<p>" + "word " * 10_000 + "</p>"
PAGE = "<html><body><div class='post'><h1 class='post_title'>T</h1>{}</div></body></html>"


def attributes(count: int, form: str = "a{}='x' ") -> str:
    return "".join(form.format(number) for number in range(count))


def read(html: str) -> str:
    now = datetime(2026, 11, 4, tzinfo=UTC)
    page = ArticlePage(html.encode(), url=URL, source=CALIBER, urls=SOURCE_URLS, fetched_at=now)
    return page.parse().article.title


LOTS = attributes(20_000)
FORMS = {
    "quoted": "a{}='x' ",
    "without values": "a{} ",
    "without quotes": "a{}=x ",
    "without blanks": "a{}=''",
    "between slashes": "a{}/",
    "with tags in their values": 'a{}="<b>" ',
    "with quotes in their names": 'a{}" ',
    "on lines": "a{}\n",
}
MANY = {name: f"<p {attributes(20_000, form)}>x</p>" for name, form in FORMS.items()} | {
    "of the body": f"<body {LOTS}>",
    "of an end that never comes": f"<p {LOTS}",
    "behind a comment": f"<!-- <script> --><p {LOTS}>",
    "behind a comment of two signs": f"<!--><p {LOTS}>-->",
    "behind a script": f"<script>if (a<b) '<!--'</script><p {LOTS}>x</p>",
    "behind a quote in a script": f'<script>a<b c="</script><p {LOTS}>"x</p>',
}


@pytest.mark.parametrize("name", MANY)
def test_a_tag_of_many_attributes_is_refused(name: str) -> None:
    with pytest.raises(PageError, match=r"it has a tag of [\d,]+ attributes; at most 1,000") as caught:
        read(PAGE.format(MANY[name] + TEXT))
    assert caught.value.stage == "parse"


FEW = {
    "as many as are read": f"<p {attributes(MAX_ATTRIBUTES)}>x</p>",
    "many in a comment": f"<!-- <p {LOTS}> -->",
    "many in a script": f"<script>if (a<b {LOTS}) c</script>",
    "many in a script of upper case": f"<SCRIPT>if (a<b {LOTS}) c</SCRIPT >",
    "many in a text area": f"<textarea><p {LOTS}></textarea>",
    "many words of text": "a < b " * 50_000,
    "a picture in its URL": f"<img src='data:image/png;base64,{'QUJD ' * 50_000}'>",
    "a long title": f"<p title='{'word ' * 50_000}'>x</p>",
}


@pytest.mark.parametrize("name", FEW)
def test_what_articles_have_is_read(name: str) -> None:
    assert read(PAGE.format(FEW[name] + TEXT)) == "T"


def test_a_small_page_is_read_whatever_it_has() -> None:
    assert read(PAGE.format(f"<p {attributes(2_000, 'a{} ')}>x</p>")) == "T"


@pytest.mark.parametrize("tag", ["<b>", "</b>", "<p>x", "<td>"])
def test_a_page_of_too_many_tags_is_refused(tag: str) -> None:
    with pytest.raises(PageError, match=r"it has 300,00\d tags"):
        read(PAGE.format(tag * 300_000))


DEEP = {
    "blocks": "<div>",
    "lists": "<ul><li>",
    "unknown elements": "<x-y>",
    "ruby": "<rb>",
    "drawings": "<svg>",
    "with end tags of nothing": "<div></b>",
    "with line breaks": "<div><br>x",
    "templates": "<template>",
}


@pytest.mark.parametrize("name", DEEP)
def test_a_page_of_deeply_nested_elements_is_refused(name: str) -> None:
    with pytest.raises(PageError, match="nested more than 2,048 deep"):
        read(PAGE.format(DEEP[name] * 12_000 + "the end"))


NOT_DEEP = {
    "paragraphs": "<p>x",
    "rows": "<tr><td>x",
    "list items": "<li><div>x</div>",
    "end tags left out": "<div><span><b>x</div>",
    "paths of a drawing": "<svg><path d='M0 0'/><path d='M1 1'/></svg>",
    "comments": "<!-- <div> --><br>",
    "scripts": "<script>'<div><div>'</script>",
}


@pytest.mark.parametrize("name", NOT_DEEP)
def test_a_page_of_many_elements_is_read(name: str) -> None:
    assert read(PAGE.format(NOT_DEEP[name] * 12_000)) == "T"


REPEATED = {
    "fonts in paragraphs": "<p><font color={}>",
    "icons in table cells": "<table></b><tr><i id={}>",
    "marks of upper case": "<DT><SMALL A={}>x",
    "marks with a quoted end": "<p><u a='</u>' b={}>",
    "marks with a quoted bracket": "<p><u a='></u>' b={}>",
    "marks closed in a cell": "<font a={}><table><td></font></table><p>x",
}


@pytest.mark.parametrize("name", REPEATED)
def test_formatting_that_is_never_closed_is_parsed_apart_or_refused(name: str) -> None:
    few, many = (("".join(map(REPEATED[name].format, range(number)))).encode() for number in (1_000, 4_000))
    assert is_costly(few)
    assert is_costly(many)
    if name != "marks closed in a cell":
        with pytest.raises(MarkupLimitError, match="formatting elements that are not closed"):
            check_markup(many)


NOT_REPEATED = {
    "icons": "<p><i class='icon icon-x'></i> x",
    "colours": "<p><font color=red>x</font>",
    "emphasis": "<p><b>x<p>y",
    "links": "<p><a href=x>",
}


@pytest.mark.parametrize("name", NOT_REPEATED)
def test_formatting_that_articles_have_is_read_at_once(name: str) -> None:
    markup = (NOT_REPEATED[name] * 2_000).encode()
    assert not is_costly(markup)
    check_markup(markup)


@pytest.mark.parametrize("tag", ["body", "HTML"])
@pytest.mark.parametrize("per_tag", [1, 500])
def test_attributes_of_many_bodies_are_those_of_one(tag: str, per_tag: int) -> None:
    tags = (
        f"<{tag} {' '.join(f'a{start + number}' for number in range(per_tag))}>" for start in range(0, 8_000, per_tag)
    )
    with pytest.raises(PageError, match=r"it has a tag of [\d,]+ attributes"):
        read(PAGE.format("".join(tags)))


def test_tags_hidden_by_nul_are_parsed_apart() -> None:
    assert is_costly("".join(f"<p><fo\0nt a={number}>" for number in range(1_000)).encode())
    assert is_costly(("<p>x" * 2_000).encode("utf-16"))


def test_a_list_page_is_refused_alike() -> None:
    with pytest.raises(ChannelError, match="no list page: it has a tag of 20,000 attributes") as caught:
        parse_listing_page(
            PAGE.format(MANY["quoted"] + TEXT).encode(),
            url=URL,
            source=CALIBER,
            urls=SOURCE_URLS,
            language="en",
            content_type=None,
        )
    assert caught.value.stage == "parse"


def test_large_pages_and_pages_of_many_tags_are_costly() -> None:
    assert is_costly(b"x" * (COSTLY_SIZE + 1))
    assert is_costly(b"<" * (COSTLY_TAGS + 1))
    assert not is_costly(b"<p>" + b"x" * 100_000)


SLOW = {
    "nothing but starts": "<a ",
    "open quotes": "<a b='<a b=\"",
    "comments": "<!--",
    "scripts": "<script>",
    "scripts and comments": "<script><!--<script></script",
    "signs of equality": "<a = = =",
    "slashes": "<a / / ",
    "titles": "<title></titl",
}


SLOW |= {
    "formatting": "<i a='",
    "formatting with bodies": "<font a=b>x",
    "nested": "<div></p>",
    "ends": "</div>",
}


@pytest.mark.long
@pytest.mark.parametrize("name", SLOW)
def test_counting_takes_time_that_grows_with_the_size_alone(name: str) -> None:
    texts = {size: (SLOW[name] * (100_000 * size))[: 120_000 * size].encode() for size in (1, 2)}
    counts: tuple[Callable[[bytes], object], ...] = (most_attributes, deepest, most_unclosed, is_costly)
    assert_linear(lambda size: [count(texts[size]) for count in counts], 1)


PIECES = ["<p ", "<b", "a=1 ", "c='", 'd="', "'", '"', ">", "/>", "</p>", "<!--", "-->", "<script>", "</script>"]
PIECES += ["<title>", "</title>", "=", " ", "/", "x", "<!", "<?", "\n", "<", "&amp;", "<style>", "</style >", "e"]


@pytest.mark.hypothesis
@given(pieces=st.lists(st.sampled_from(PIECES), max_size=30), tag=st.sampled_from(["<p ", "<i x=' ", "<b y "]))
def test_no_markup_hides_its_attributes(pieces: list[str], tag: str) -> None:
    """Refuse what the parser itself finds many attributes in."""
    markup = ("<html><body>" + "".join(pieces) + tag + attributes(1_500, "a{} ") + "".join(pieces)).encode()
    found = max(len(element.attributes) for element in LexborHTMLParser(markup).css("*"))
    if found > MAX_ATTRIBUTES:
        assert most_attributes(markup) > MAX_ATTRIBUTES


def test_small_markup_is_not_examined() -> None:
    check_markup(f"<p {attributes(3_000, 'a{} ')}>".encode())
    with pytest.raises(MarkupLimitError):
        check_markup(f"<p {attributes(9_000, 'a{} ')}>".encode())


AT_THE_LIMITS = """
import resource
from scraper.parsing.html_tree import HtmlTree
from scraper.parsing.markup_limits import COSTLY_TAGS, FEW_TAGS, check_markup, is_costly

resource.setrlimit(resource.RLIMIT_CPU, (30, 30))
tags, few = COSTLY_TAGS, FEW_TAGS // 2
shapes = {
    "nested": "<ul><ol>" * (tags // 2),
    "ended by others": "<span>" * (tags // 2) + "</x>" * (tags // 2),
    "adopted": "<div>" * (tags // 2) + "<b><p></b>" * (tags // 6),
    "links in blocks": "<a><div>" * (tags // 2),
    "repeated": "".join(f"<p><font a={number}>" for number in range(few)),
    "repeated behind": "".join(f"<i a={number}>" for number in range(few)) + "<p>x" * few,
    "attributes": "<p " + " ".join(f"a{number}" for number in range(5_000)) + ">",
    "bodies": "".join(f"<body a{number}>" for number in range(1_000)),
}
for name, markup in shapes.items():
    page = markup.encode()
    assert not is_costly(page), name
    check_markup(page)
    HtmlTree(page)
print("read")
"""


def test_the_costliest_markup_that_is_read_at_once_takes_seconds_at_most() -> None:
    done = subprocess.run([sys.executable, "-c", AT_THE_LIMITS], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("read\n", 0), done.stderr
