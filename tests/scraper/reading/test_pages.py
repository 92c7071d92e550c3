"""Test the parsing of saved pages: one case per directory, one test per field."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from scraper.errors import PageError
from scraper.parsing.source_urls import SourceUrls
from scraper.reading.article_page import GENERIC_PARSER_VERSION, ArticlePage, page_class
from scraper.source import PageParser, PageSelectors
from scraper.sources import get_source, load_sources
from storage.model.article_fields import AUTHOR_SEPARATOR
from storage.model.errors import ConfigError
from storage.model.records import ArticleData, FailureStage, ParsedPage
from tests.support.example_sources import NAMES, source_named
from tests.support.paths import PAGES

CASES = sorted(path.parent for path in PAGES.glob("*/*/expected.json"))
READ = {field.name for field in fields(ArticleData)} - {"source", "url", "fetched_at", "parser_version", "authors"}


@cache
def expected(case: Path) -> Mapping[str, Any]:
    document: dict[str, Any] = json.loads((case / "expected.json").read_text(encoding="utf-8"))
    return document


def page(case: Path, *, later: timedelta = timedelta(0)) -> PageParser:
    document, source = expected(case), source_named(case.parent.name)
    return page_class(source)(
        (case / "page.html").read_bytes(),
        url=document["url"],
        source=source,
        urls=SourceUrls(source),
        fetched_at=datetime.fromisoformat(document["fetched_at"]) + later,
        content_type=document.get("content_type"),
    )


@cache
def reading(case: Path) -> ParsedPage:
    return page(case).parse()


def as_json_value(read: ParsedPage, field: str) -> Any:
    """A field as a case's file writes it."""
    value = read.provenance if field == "origins" else getattr(read.article, field)
    if field == "body":
        return value.split("\n\n") if value else []
    if field == "problems":
        return [[problem.field, problem.reason] for problem in value]
    if field == "sections":
        return list(value)
    return value.isoformat() if isinstance(value, datetime) else value


def named(case: Path) -> str:
    return f"{case.parent.name}/{case.name}"


ARTICLES = [case for case in CASES if "error" not in expected(case)]
FIELDS = [
    pytest.param(case, field, id=f"{named(case)}-{field}") for case in ARTICLES for field in sorted(READ | {"origins"})
]
FAILURES = [pytest.param(case, id=named(case)) for case in CASES if "error" in expected(case)]


@pytest.mark.parametrize(("case", "field"), FIELDS)
def test_field(case: Path, field: str) -> None:
    assert as_json_value(reading(case), field) == expected(case)[field]


@pytest.mark.parametrize("case", FAILURES)
def test_what_is_no_article(case: Path) -> None:
    with pytest.raises(PageError) as caught:
        page(case).parse()
    document = expected(case)
    assert (caught.value.reason, caught.value.url, caught.value.stage) == (
        document["error"],
        document["url"],
        FailureStage.PARSE,
    )


@pytest.mark.parametrize("case", CASES, ids=named)
def test_case_has_every_field_and_nothing_else(case: Path) -> None:
    names = set(expected(case))
    whole = {"url", "fetched_at", "error"} if "error" in names else {"url", "fetched_at", "origins", *READ}
    assert names - {"content_type"} == whole


@pytest.mark.parametrize("case", ARTICLES, ids=named)
def test_read_twice_it_says_the_same(case: Path) -> None:
    first, later = page(case).parse(), page(case, later=timedelta(seconds=1)).parse()
    assert replace(later.article, fetched_at=first.article.fetched_at) == first.article
    assert later.provenance == first.provenance


@pytest.mark.parametrize("case", ARTICLES, ids=named)
def test_what_is_known_of_every_article(case: Path) -> None:
    article = reading(case).article
    source = source_named(case.parent.name)
    assert (article.source, article.url, article.parser_version) == (
        source.name,
        expected(case)["url"],
        ArticlePage.version(source),
    )
    assert SourceUrls(source).article_url(article.url) == article.url


@pytest.mark.parametrize("case", ARTICLES, ids=named)
def test_the_author_is_the_authors_joined(case: Path) -> None:
    article = reading(case).article
    assert article.author == (AUTHOR_SEPARATOR.join(article.authors) or None)


def test_every_source_has_a_case() -> None:
    assert {case.parent.name for case in CASES} == {*load_sources(), *NAMES}


class TestSources:
    def test_a_source_is_found_by_its_name(self) -> None:
        assert get_source("caliber").base_url == "https://caliber.az"

    def test_an_unknown_name_is_answered_with_the_known_ones(self) -> None:
        with pytest.raises(ConfigError, match="'calibre'; there are: caliber"):
            get_source("calibre")

    def test_the_version_counts_the_reader_the_selectors_and_the_class(self) -> None:
        class Later(ArticlePage):
            own_version = 7

        source = get_source("caliber")
        versions = [
            ArticlePage.version(source),
            Later.version(source),
            ArticlePage.version(replace(source, page=PageSelectors(title=("h1",)))),
        ]
        assert len(set(versions)) == len(versions)
        assert {version // 1_000_000 for version in versions} == {GENERIC_PARSER_VERSION}
