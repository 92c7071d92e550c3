"""Test trees of pages: markup as browsers mend it, selection, templates and base URLs."""

from __future__ import annotations

import gc

import pytest

from scraper.parsing.html_tree import HtmlTree, resolve

PAGE = "https://news.example/en/post/x"


def texts(markup: str, css: str) -> list[str]:
    return [node.text() for node in HtmlTree(markup.encode()).select(css)]


@pytest.mark.parametrize("markup", ["", " \n", "<!-- nothing -->", "\0", "<!doctype html>"])
def test_every_page_has_a_root(markup: str) -> None:
    assert HtmlTree(markup.encode()).root.tag == "html"


def test_nul_is_no_character() -> None:
    assert texts("<p>a\0b<!-- c --><?php d ?></p>" + "<i>" * 1000 + "deep", "body") == ["abdeep"]


def test_an_unclosed_aside_ends_with_its_parent() -> None:
    assert texts("<div><aside>more</div><div class=post>text</div>", "aside .post") == []


@pytest.mark.parametrize(
    ("css", "found"),
    [
        (".a", ["1", "3"]),
        (".b, .a, p", ["1", "2", "3"]),
        ("p.none", []),
        ("p:not(.a)", ["2"]),
        ("p:has(b)", ["3"]),
    ],
)
def test_elements_are_selected_once_and_in_page_order(css: str, found: list[str]) -> None:
    assert texts("<p class='a b'>1<p class=b>2<p class=a><b>3</b>", css) == found


@pytest.mark.parametrize(
    ("markup", "found"),
    [
        ("<p>shown</p><template><p>not</p></template>", ["shown"]),
        ("<template><p>only</p></template>", ["only"]),
        ("<div><template shadowrootmode=open><p>shadow</p></template></div>", ["shadow"]),
        ("<p>shown</p><div><template shadowrootmode=closed><p>shadow</p></template></div>", ["shown", "shadow"]),
        ("<TEMPLATE><template><p>inner</p></template></TEMPLATE>", ["inner"]),
        ("<p>shown</p>" + "<template>" * 500 + "<p>not", ["shown"]),
    ],
)
def test_templates(markup: str, found: list[str]) -> None:
    assert texts(markup, "p") == found


@pytest.mark.parametrize(
    ("markup", "base"),
    [
        ("<p>", PAGE),
        ("<base href=/media/><p>", "https://news.example/media/"),
        ("<BASE HREF='//cdn.example/x/'><p>", "https://cdn.example/x/"),
        ("<base target=_blank><base href=a/><base href=b/>", "https://news.example/en/post/a/"),
        ("<base href='http://[x'><p>", PAGE),
        ("<base href=''><p>", PAGE),
        ("<body><div><base href=/late/>", "https://news.example/late/"),
    ],
)
def test_base_url(markup: str, base: str) -> None:
    assert HtmlTree(markup.encode()).base_url(PAGE) == base


@pytest.mark.parametrize(
    ("href", "url"),
    [
        ("a.jpg", "https://news.example/en/post/a.jpg"),
        ("\\img\\a.jpg", "https://news.example/img/a.jpg"),
        ("\\\\cdn.example\\a.jpg", "https://cdn.example/a.jpg"),
        ("https:\\\\cdn.example\\a.jpg?x=\\y", "https://cdn.example/a.jpg?x=\\y"),
        ("/a.jpg#b\\c?d", "https://news.example/a.jpg#b\\c?d"),
        ("http://[x", None),
    ],
)
def test_resolve(href: str, url: str | None) -> None:
    assert resolve(href, PAGE) == url


def test_nodes_outlive_their_tree() -> None:
    nodes = [HtmlTree(f"<p class=x>{number}".encode()).select("p")[0] for number in range(200)]
    gc.collect()
    assert [node.text() for node in nodes] == [str(number) for number in range(200)]
    assert nodes[0].attributes == {"class": "x"}
    assert nodes[0].parent is not None
