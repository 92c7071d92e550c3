"""Test the body of pages whose source names no place of it, or one that the page has not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from scraper.parsing.html_tree import HtmlTree
from scraper.parsing.source_urls import SourceUrls
from scraper.reading.article_page import ArticlePage
from scraper.reading.body_reader import PROVENANCE, read_body
from scraper.source import PageSelectors
from scraper.sources import get_source
from storage.model.records import ParsedPage, Problem

CALIBER = get_source("caliber")
NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
TITLE = "Council votes to rebuild the bridge"
LEAD = "Closed since the flood, the bridge is to be open again within two years."
FIRST = "The council voted on Monday to rebuild the bridge over the river, which was closed after the flood of May."
SECOND = "Work is to begin in the autumn, said the mayor, and the first cars may cross before the end of next year."
PAGE = (
    f"<h1>{TITLE}</h1><p class=lead>{LEAD}</p><div class=story><p>{FIRST}</p><ul><li>one<li>two</ul><p>{SECOND}</div>"
)
BODY = f"{FIRST}\n\n- one\n- two\n\n{SECOND}"


def _parsed(selectors: PageSelectors, content: str = PAGE) -> ParsedPage:
    html = f"<html><head><meta property=og:title content='{TITLE}'></head><body>{content}</body></html>"
    source = replace(CALIBER, page=selectors)
    page = ArticlePage(
        html.encode(), url="https://caliber.az/en/post/a", source=source, urls=SourceUrls(source), fetched_at=NOW
    )
    return page.parse()


def _problems(parsed: ParsedPage) -> list[Problem]:
    return [problem for problem in parsed.article.problems if problem.field == "body"]


def test_without_a_selector_body_and_subtitle_are_found() -> None:
    parsed = _parsed(PageSelectors())
    assert (parsed.article.subtitle, parsed.article.body) == (LEAD, BODY)
    assert parsed.provenance["body"] == PROVENANCE
    assert not _problems(parsed)


def test_a_declared_body_comes_first() -> None:
    parsed = _parsed(PageSelectors(body=(".story p",)))
    assert (parsed.article.subtitle, parsed.article.body) == (None, f"{FIRST}\n\n{SECOND}")
    assert parsed.provenance["body"] == ".story p"


def test_a_declared_body_that_the_page_has_not_hides_none_and_is_a_problem() -> None:
    parsed = _parsed(PageSelectors(body=(".article",)))
    assert (parsed.article.subtitle, parsed.article.body) == (LEAD, BODY)
    assert _problems(parsed) == [Problem("body", "no body found (.article)")]


def test_a_declared_body_that_is_empty_is_an_empty_body() -> None:
    parsed = _parsed(PageSelectors(body=(".article",)), f"{PAGE}<div class=article></div>")
    assert parsed.article.body == ""
    assert not _problems(parsed)


@pytest.mark.parametrize("content", ["", "<p>Too short.</p>", "<footer><p>" + FIRST + "</p></footer>"])
def test_a_page_without_a_text_has_no_body(content: str) -> None:
    parsed = _parsed(PageSelectors(), f"<h1>{TITLE}</h1>{content}")
    assert parsed.article.body == ""
    assert _problems(parsed) == [Problem("body", "no body found")]


HIDDEN = {
    "attribute": f"<div hidden><p>{FIRST}</p><p>{SECOND}</p></div>",
    "style": f"<div style='visibility:hidden'><p>{FIRST}</p><p>{SECOND}</p></div>",
    "parts": f"<div><div hidden>{FIRST}</div><div hidden>{SECOND}</div></div>",
}


@pytest.mark.parametrize("markup", HIDDEN.values(), ids=HIDDEN)
def test_a_text_that_a_script_shows_is_read(markup: str) -> None:
    tree = HtmlTree(f"<html><body><h1>{TITLE}</h1><main>{markup}</main></body></html>".encode())
    assert read_body(tree, heading=None).text == f"{FIRST}\n\n{SECOND}"


ADVERTS = (
    *("PUBLICIDADE", "Werbung", "Anzeige", "Реклама", "Reklam", "Publicité", "Advertisement", "- Advertisement -"),
    *("რეკლამა", "Գովազդ", "Publicidad", "Pubblicità", "Continua após a publicidade", "[ad]", "إعلان", "広告", "Ad"),
    "Article continues below advertisement",
)


@pytest.mark.parametrize("label", ADVERTS)
@pytest.mark.parametrize("form", ["<p>{}</p>", "<div><span>{}</span></div>", "<br>{}<br>", "<h4>{}</h4>"])
def test_a_line_that_only_labels_an_advert_is_left_out(label: str, form: str) -> None:
    page = f"<h1>{TITLE}</h1><div class=story><p>{FIRST}</p>{form.format(label)}<p>{SECOND}</p></div>"
    assert _parsed(PageSelectors(), page).article.body == f"{FIRST}\n\n{SECOND}"


@pytest.mark.parametrize(
    ("markup", "line"),
    [
        ("<ul><li>Реклама</li><li>Marketing</li></ul>", "- Реклама"),
        ("<table><tr><td>Werbung</td><td>12</td></tr></table>", "Werbung | 12"),
        ("<p>Advertising pays for the ferry, said the mayor.</p>", "Advertising pays for the ferry, said the mayor."),
    ],
)
def test_the_word_within_a_list_a_table_or_a_sentence_is_text(markup: str, line: str) -> None:
    page = f"<h1>{TITLE}</h1><div class=story><p>{FIRST}</p>{markup}<p>{SECOND}</p></div>"
    assert line in _parsed(PageSelectors(), page).article.body.splitlines()


def test_a_body_of_a_declared_place_keeps_its_lines() -> None:
    page = f"<h1>{TITLE}</h1><div class=story><p>{FIRST}</p><p>Werbung</p><p>{SECOND}</p></div>"
    assert "Werbung" in _parsed(PageSelectors(body=(".story",)), page).article.body
