"""Damaged scripts of JSON-LD, and the article among the items of a page."""

from __future__ import annotations

import json
from typing import Any

import pytest

from scraper.reading.json_ld import MAX_ITEMS, LinkedData, read_items, texts_of

URL = "https://example.az/news/quake-in-baku-123456"
TITLE = "Quake in Baku"
ARTICLE = {"@type": "NewsArticle", "headline": TITLE}


@pytest.mark.parametrize(
    ("script", "values"),
    [
        ('{"a": "one\ntwo\tthree"}', [{"a": "one\ntwo\tthree"}]),
        ('{"a": [1, 2,], "b": {"c": 3,},}', [{"a": [1, 2], "b": {"c": 3}}]),
        ('{"a": "1,]", "b": ",}",}', [{"a": "1,]", "b": ",}"}]),
        ('[{"a": 1},, {"b": 2}]', [[{"a": 1}, {"b": 2}]]),
        ('{"a": 1};', [{"a": 1}]),
        ('{"a": 1} window.dataLayer = [];', [{"a": 1}]),
        ('{"a": 1}\n{"b": 2}', [{"a": 1}, {"b": 2}]),
        (r'{"a": "C:\docs and \"quotes\" and \u00e9"}', [{"a": 'C:\\docs and "quotes" and é'}]),
        (r'{"a": "it\'s 5\% of \x"}', [{"a": r"it\'s 5\% of \x"}]),
        (r'{"a": "\u12"}', [{"a": r"\u12"}]),
        ('//<![CDATA[\n{"a": 1}\n//]]>', [{"a": 1}]),
        ('/*<![CDATA[*/ {"a": 1} /*]]>*/', [{"a": 1}]),
        ('<![CDATA[{"a": 1}]]>', [{"a": 1}]),
        ('<!-- {"a": 1} -->', [{"a": 1}]),
        ('\ufeff {"a": /* why */ 1}', [{"a": 1}]),
        ("{&quot;a&quot;: &quot;b&quot;}", [{"a": "b"}]),
        ("var a = {};", []),
        ('{"a": ', []),
        ('{"a" 1}', []),
        ("", []),
        ("[" * 100_000, []),
        ('{"a":' * 100_000, []),
        ('{"a": "' + "\\" * 100_001, []),
    ],
)
def test_damaged_scripts_are_repaired_or_skipped(script: str, values: list[Any]) -> None:
    assert list(read_items([script])) == values


def headlines(*items: Any, headings: tuple[str, ...] = (TITLE,)) -> list[Any]:
    data = LinkedData(read_items([json.dumps(item) for item in items]))
    found = data.articles([URL], headings) or filter(None, [data.only_article([URL])])
    return [item.get("headline") or item.get("name") for item in found]


@pytest.mark.parametrize(
    "items",
    [
        [ARTICLE],
        [{"@type": "http://schema.org/NewsArticle", "headline": TITLE}],
        [{"@type": ["CreativeWork", "ReportageNewsArticle"], "headline": TITLE}],
        [[{"@type": "Organization", "name": "Example"}, ARTICLE]],
        [{"@graph": [{"@type": "WebPage", "name": "Example"}, ARTICLE]}],
        [{"@type": "WebPage", "mainEntity": ARTICLE}],
        [{"@type": "WebPage", "mainEntity": {"@id": "#a"}}, {**ARTICLE, "@id": "#a"}],
        [{"@type": "VideoObject", "name": "A video", "headline": "A video"}, ARTICLE],
        [{"@type": "Comment", "headline": "I agree", "url": URL}, ARTICLE],
        [{**ARTICLE, "comment": [{"@type": "Comment", "headline": "I agree"}]}],
        [{**ARTICLE, "liveBlogUpdate": [{"@type": "BlogPosting", "headline": "12:00", "url": f"{URL}#1"}]}],
        [{**ARTICLE, "isPartOf": {"@type": "Article", "headline": "A series", "url": URL}}],
        [{"@type": "ItemList", "itemListElement": [{"@type": "NewsArticle", "headline": "Another"}]}, ARTICLE],
        [{"@type": "NewsArticle", "headline": "Another", "url": "https://example.az/news/another-654321"}, ARTICLE],
        [{"@type": "WebPage", "hasPart": [{"@type": "Article", "headline": "Another"}]}, ARTICLE],
        [{**ARTICLE, "mainEntityOfPage": "https://example.az/"}],
        [{**ARTICLE, "mainEntityOfPage": True}],
    ],
)
def test_only_the_article_of_the_page_counts(items: list[Any]) -> None:
    assert headlines(*items) == [TITLE]


def test_an_item_with_the_address_of_the_page_comes_first_whatever_its_headline() -> None:
    other = {"@type": "NewsArticle", "headline": "Another", "url": "https://example.az/news/another-654321"}
    own = {"@type": "NewsArticle", "headline": "Shaken", "mainEntityOfPage": {"@id": f"{URL}?utm_source=x"}}
    sister = {"@type": "NewsArticle", "headline": "Trembled", "@id": URL.replace("example.az", "sister.az")}
    assert headlines(other, ARTICLE, own, sister) == ["Shaken", "Trembled", TITLE]


@pytest.mark.parametrize(
    "item",
    [
        {"@type": "WebPage", "headline": TITLE, "url": URL},
        {"@type": "VideoObject", "name": TITLE, "url": URL},
        {"@type": "NewsArticle", "headline": "Another", "url": "https://example.az/news/another-654321"},
        {"@type": "ItemList", "itemListElement": [ARTICLE]},
        {"headline": TITLE},
        {"@type": 7, "headline": TITLE},
    ],
)
def test_a_page_without_an_own_article_has_none(item: Any) -> None:
    assert headlines(item) == []


def test_one_article_without_an_address_is_that_of_the_page_and_of_several_none_is() -> None:
    assert headlines({"@type": "Article", "headline": "Shaken"}) == ["Shaken"]
    assert headlines({"@type": "Article", "headline": "Shaken"}, {"@type": "Article", "headline": "Other"}) == []


def test_references_lead_to_the_item_with_most_properties() -> None:
    person = {"@type": "Person", "@id": "#ann", "name": "Ann Lee"}
    data = LinkedData(read_items([json.dumps([{**ARTICLE, "author": [{"@id": "#ann"}, "Bo Wu"]}, person])]))
    article = data.articles([URL], [TITLE])[0]
    assert list(texts_of(data.resolve(article["author"]))) == ["Ann Lee", "Bo Wu"]


def test_a_reference_to_itself_ends() -> None:
    loop = {"@type": "NewsArticle", "@id": "#a", "author": {"@id": "#a"}}
    data = LinkedData([loop])
    assert data.resolve(loop["author"]) == [loop]


def test_no_more_items_are_walked_than_a_page_has() -> None:
    assert len(LinkedData([[{"@type": "Article"}] * (3 * MAX_ITEMS)]).items) == MAX_ITEMS


def test_names_of_the_site_are_those_of_publishers_not_of_agencies_that_wrote() -> None:
    article = {**ARTICLE, "author": {"@type": "Organization", "name": "dpa"}, "publisher": {"name": "Example News"}}
    site = {"@type": "WebSite", "name": "Example"}
    writer = {"@type": ["Person", "Organization"], "name": "Ann Lee"}
    assert LinkedData([article, site, writer]).site_names == ("Example News", "Example")
