"""Test body text, headline parts and single lines."""

from __future__ import annotations

import re

import pytest
from selectolax.lexbor import LexborNode

from scraper.parsing.html_tree import HtmlTree
from scraper.reading.body_text import MAX_DEPTH, body_text
from scraper.reading.images import image_url
from scraper.reading.sections import section_labels
from scraper.reading.tree_walk import first_block_line, headline_parts, single_line


def tree(markup: str) -> LexborNode:
    return select(f"<div id=root>{markup}</div>", "#root")


def select(markup: str, css: str) -> LexborNode:
    return HtmlTree(markup.encode()).select(css)[0]


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>one</p><p>two</p>", "one\n\ntwo"),
        ("loose<p>one</p>between<p>two</p>after", "loose\n\none\n\nbetween\n\ntwo\n\nafter"),
        ("<p>a<b>b</b><i>c</i> <a href=x>d</a><sup>2</sup></p>", "abc d2"),
        ("<p>a<unknown-tag>b</unknown-tag><font>c</font></p>", "abc"),
        ("<p>a<br>b<br/>\n<br>c</p>", "a\nb\n\nc"),
        ("<br><br><p>a</p><br><br><p>b<br></p>c", "a\n\nb\n\nc"),
        ("<h3>HEAD</h3><p>text</p>", "HEAD\n\ntext"),
        ("<p>a&nbsp;b\n  c&shy;d</p><p>&nbsp;</p>", "a b cd"),
        ("<p>a<!-- b -->c</p>", "ac"),
        ("<section><div><div><p>deep</p></div></div></section>", "deep"),
        ("<figure><img alt=x><figcaption>Photo: A</figcaption></figure>", "Photo: A"),
    ],
)
def test_paragraphs(markup: str, text: str) -> None:
    assert body_text(tree(markup)) == text


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<ul><li>a</li><li>b</li></ul>", "- a\n- b"),
        ("<ol><li>a</li><li>b</li></ol>", "1. a\n2. b"),
        ("<ol start=9><li>a<li>b</ol>", "9. a\n10. b"),
        ("<ol start=x><li>a<li value=5>b<li value=>c</ol>", "1. a\n5. b\n6. c"),
        ("<ol reversed><li>a<li>b</ol>", "2. a\n1. b"),
        ("<ol><li></li><li>b</li></ol>", "2. b"),
        ("<ol><li hidden>x</li><li>b</li></ol>", "1. b"),
        ("<p>x</p><ul><li><p>a</p><p>b</p></li><li>c<br>d</li></ul><p>y</p>", "x\n\n- a\n  b\n- c\n  d\n\ny"),
        ("<ul><li>a<ol><li>b<ul><li>c</ul></ol>d<li>e</ul>", "- a\n  1. b\n     - c\n  d\n- e"),
        ("<ul><li>a</ul><ol><li>b</ol>", "- a\n\n1. b"),
        ("<li>a<li>b", "- a\n\n- b"),
        ("<ul><li><blockquote>q</blockquote></ul>", "- > q"),
    ],
)
def test_lists(markup: str, text: str) -> None:
    assert body_text(tree(markup)) == text


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<blockquote>q</blockquote>", "> q"),
        ("<blockquote><p>a</p><p>b<br>c</p></blockquote>d", "> a\n\n> b\n> c\n\nd"),
        ("<blockquote>a<blockquote>b</blockquote></blockquote>", "> a\n\n> > b"),
        ("<blockquote><ul><li>a<li>b</ul></blockquote>", "> - a\n> - b"),
        ("<table><tr><th>A<th>B<tr><td>1<td>2</table>x", "A | B\n1 | 2\n\nx"),
        ("<table><tr><td><p>a</p><td>b<br>c<td></table>", "a | b c |"),
        ("<table><tr><td> <td></table>", ""),
        ("<table><tr><td><p>a</p><p>b</p></table>", "a\n\nb"),
        ("<table><tr><td><table><tr><td>a<td>b</table></table>", "a | b"),
    ],
)
def test_quotes_and_tables(markup: str, text: str) -> None:
    assert body_text(tree(markup)) == text


@pytest.mark.parametrize(
    "inner",
    [
        "<script>x</script>",
        "<style>x</style>",
        "<iframe>x</iframe>",
        "<ins>x</ins>",
        "<form>x<p>y</p></form>",
        "<noscript>x</noscript>",
        "<svg><text>x</text></svg>",
        "<p hidden>x</p>",
        "<p style='color:red; DISPLAY : none'>x</p>",
        "<span style='visibility:hidden'>x</span>",
        "<div class='wide banner'>x<p>y</p></div>",
        "<p>Реклама</p>",
    ],
)
def test_left_out(inner: str) -> None:
    root = tree(f"<p>before</p>{inner}<p>after</p>")
    dropped = frozenset(node.mem_id for node in root.css(".banner"))
    assert body_text(root, dropped=dropped, stray=re.compile("реклама", re.IGNORECASE)) == "before\n\nafter"


def test_words_after_what_is_left_out_stay() -> None:
    assert body_text(tree("<p>a<script>x</script>b<ins>x</ins> c</p>")) == "ab c"


def test_a_tree_deeper_than_the_stack() -> None:
    nested = "".join(("<blockquote>", "<b>", "<ul>", "<li>")[number % 4] for number in range(1_900))
    root = tree(f"{nested}found")
    assert single_line(root) == "found"
    assert body_text(root) == f"{('> ' + '- ') * (MAX_DEPTH // 2)}found"


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>a</p><template><p>b</p></template>", "a"),
        ("<div><template shadowrootmode=open><p>a</p><p>b</p></template></div><p>c</p>", "a\n\nb\n\nc"),
        ("<p>x<template shadowrootmode=closed>y<b hidden>z</b></template></p>", "xy"),
    ],
)
def test_templates_are_read_where_browsers_show_them(markup: str, text: str) -> None:
    assert body_text(tree(markup)) == text


@pytest.mark.parametrize(
    ("markup", "parts"),
    [
        ("Title", ["Title"]),
        ("Title<span>Sub</span>", ["Title", "Sub"]),
        ("Title <span>Sub</span> ", ["Title", "Sub"]),
        ("Title<small>Sub</small>", ["Title", "Sub"]),
        ("Title<br>Sub", ["Title", "Sub"]),
        ("Title<div>Sub <b>one</b></div>", ["Title", "Sub one"]),
        ("<span>Title</span><span>Sub</span>", ["Title", "Sub"]),
        ("<a href=x>Title<span>Sub</span></a>", ["Title", "Sub"]),
        ("Title<em class=post_subtitle>Sub</em>", ["Title", "Sub"]),
        ("<div>Title</div>", ["Title"]),
        ("<b>T</b>itle of H<sub>2</sub>O<strong>!</strong>", ["Title of H2O!"]),
        ("A <span>red</span> word", ["A red word"]),
        ("<span>Breaking:</span> a word", ["Breaking: a word"]),
        ("Title<script>x</script>", ["Title"]),
        (" <br> ", []),
    ],
)
def test_title_parts(markup: str, parts: list[str]) -> None:
    assert headline_parts(tree(markup)) == parts


def test_lines() -> None:
    element = tree("Views:<b>1</b>27<div>more</div><p>and more</p>")
    assert (single_line(element), first_block_line(element)) == ("Views:127 more and more", "Views:127")


@pytest.mark.parametrize(
    ("markup", "names"),
    [
        ("<i class=s>POLITICS</i>", ["POLITICS"]),
        ("<a href='https://x.az/en/category/politics/?a=1#b'><i class=s>Politics</i></a>", ["Politics", "politics"]),
        ("<i class=s><a href=/c/a>A</a><a href=/c/b>B</a></i>", ["A", "B", "a", "b"]),
        ("<a class=s href=/c/%D0%BC%D0%B8%D1%80>М</a>", ["М", "мир"]),
        ("<a class=s href='/c\\politics\\'>A</a>", ["A", "politics"]),
        ("<a href='javascript:go()'><i class=s>A</i></a>", ["A", ""]),
        ("<a href='http://[x'><i class=s>A</i></a>", ["A", ""]),
        (f"<div class=s>A<h1>T</h1><p>{'word ' * 30}<a href=/post/b>B</a></div>", ["A"]),
    ],
)
def test_section_names(markup: str, names: list[str]) -> None:
    assert list(section_labels(select(markup, ".s"))) == names


@pytest.mark.parametrize(
    ("markup", "address"),
    [
        ("<i class=c style='background-image:url(/a.webp)'></i>", "/a.webp"),
        ("""<i class=c style="background: URL( '/a b.webp' )"></i>""", "/a b.webp"),
        ("<i class=c style='background-image:url(&quot;/a(1).webp&quot;)'></i>", "/a(1).webp"),
        ("<i class=c style='background-image:url()'></i>", None),
        ("<i class=c><img data-src=/b.webp src=/blank.png></i>", "/b.webp"),
        ("<img class=c src=/b.webp>", "/b.webp"),
        ("<i class=c>none</i>", None),
    ],
)
def test_picture(markup: str, address: str | None) -> None:
    assert image_url(select(markup, ".c")) == address
