"""Test the selectors that a source declares: CSS with attributes, and the errors of others."""

from __future__ import annotations

import pytest

from scraper.selectors import parse_selector
from scraper.source import PageSelectors, TeaserSelectors


@pytest.mark.parametrize(
    ("text", "css", "attribute"),
    [
        ("h1.title", "h1.title", None),
        (" time @datetime ", "time", "datetime"),
        ("a[href*='@x']", "a[href*='@x']", None),
        ("a[href*='@x']@href", "a[href*='@x']", "href"),
        (".a, .b > i@data-Views", ".a, .b > i", "data-views"),
        ("meta[property='og:image' i]@content", "meta[property='og:image' i]", "content"),
        ("use@xlink:href", "use", "xlink:href"),
        ("@href", "", "href"),
        (":scope", "", None),
        (":scope@title", "", "title"),
        ("p:has(b):not(.x):nth-child(2n+1)", "p:has(b):not(.x):nth-child(2n+1)", None),
    ],
)
def test_a_selector_is_css_and_an_attribute(text: str, css: str, attribute: str | None) -> None:
    selector = parse_selector(text)
    assert (selector.text, selector.css, selector.attribute) == (text, css, attribute)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("", "check its CSS"),
        ("h1 >", "check its CSS"),
        ("div[", "check its CSS"),
        ("a,,b", "check its CSS"),
        ("p::before", "check its CSS"),
        ("p:contains(x)", "check its CSS"),
        ("a@", "check its CSS"),
        ("a@href@src", "check its CSS"),
        ("//h1", "XPath is not read"),
        (".//a/@href", "XPath is not read"),
        ("div:has(p:has(b))", ":has() cannot stand within"),
        ("div:HAS(:not(a), p:is(b:has(i)))", ":has() cannot stand within"),
    ],
)
def test_what_is_no_selector_is_refused(text: str, hint: str) -> None:
    with pytest.raises(ValueError, match="is not a selector") as caught:
        parse_selector(text)
    assert str(caught.value).startswith(f"{text!r} ")
    assert hint in str(caught.value)


@pytest.mark.parametrize("text", ["div:has(p):has(b)", "div:has(:not(p)) a:has(b)", ":not(:has(p))"])
def test_several_conditions_of_content_beside_each_other_are_a_selector(text: str) -> None:
    assert parse_selector(text).css == text


@pytest.mark.parametrize("text", [",".join(["a"] * 1_000), ":not(" * 500 + "a" + ")" * 500, "a" * 1_001])
def test_a_selector_is_bounded_because_its_cost_is_not(text: str) -> None:
    with pytest.raises(ValueError, match="has more than 1,000 characters") as caught:
        parse_selector(text)
    assert len(str(caught.value)) < 200


def test_an_error_names_its_field() -> None:
    with pytest.raises(ValueError, match=r"^card: '//div' is not a selector"):
        TeaserSelectors(card="//div")
    with pytest.raises(ValueError, match=r"^published: 'time@' is not a selector"):
        TeaserSelectors(card="article", published="time@")
    with pytest.raises(ValueError, match=r"^body: '\.text >' is not a selector"):
        PageSelectors(title=("h1",), body=("article", ".text >"))
    with pytest.raises(ValueError, match=r"^published: 'b\[' is not a selector"):
        PageSelectors(published=((".day", "b["),))
    with pytest.raises(ValueError, match=r"^drop_lines: '\(' is not a regular expression: missing \)"):
        PageSelectors(drop_lines="(")
