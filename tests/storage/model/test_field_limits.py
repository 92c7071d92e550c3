"""Test the maximum lengths of texts from pages and lists, and the problem that names each cut."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from storage.model.article_fields import ARTICLE_FIELDS, MAX_LENGTHS
from storage.model.field_limits import (
    MAX_REASON_LENGTH,
    MAX_SECTIONS,
    article_within_limits,
    link_within_limits,
)
from storage.model.records import ArticleData, Link, Problem

URL = "https://caliber.az/en/post/x"
ARTICLE = ArticleData(
    source="caliber",
    url=URL,
    language="en",
    sections=("politics",),
    title="T",
    fetched_at=datetime(2026, 11, 4, tzinfo=UTC),
    parser_version=1,
)
UNLIMITED = {"source", "published_at", "published_precision", "view_count", "fetched_at", "problems", "parser_version"}
"""Parsed fields that are no text from a page."""


def test_every_text_from_a_page_has_a_maximum() -> None:
    parsed = {field.name for field in ARTICLE_FIELDS if field.is_parsed}
    assert parsed - UNLIMITED <= set(MAX_LENGTHS)


@pytest.mark.parametrize("name", ["title", "subtitle", "description", "body", "author", "published_raw", "language"])
@pytest.mark.parametrize("character", ["a", "ж", "𝕏"])
def test_a_text_is_cut_to_its_maximum_with_a_problem(name: str, character: str) -> None:
    most = MAX_LENGTHS[name]
    for length, problems in ((most, ()), (most + 1, (name,)), (3 * most, (name,))):
        values: dict[str, Any] = {name: character * length}
        article = article_within_limits(replace(ARTICLE, **values))
        assert getattr(article, name) == character * min(length, most)
        assert tuple(problem.field for problem in article.problems) == problems
        assert all(f"cut to {most:,} of {length:,} characters" in problem.reason for problem in article.problems)


def test_an_article_within_its_limits_stays_the_same_object() -> None:
    article = replace(ARTICLE, body="b" * 1000, problems=(Problem("author", "none found"),))
    assert article_within_limits(article) is article


def test_a_long_picture_is_dropped_and_a_long_url_refused() -> None:
    long_url = f"{URL}?{'x' * 2_000}"
    article = article_within_limits(replace(ARTICLE, image_url=long_url))
    assert article.image_url is None
    assert [problem.field for problem in article.problems] == ["image_url"]
    with pytest.raises(ValueError, match=r"has 2,029 characters; at most 2,000"):
        article_within_limits(replace(ARTICLE, url=long_url))


@pytest.mark.parametrize(
    "sections", [tuple(f"s{n}" for n in range(51)), ("x" * 201, "y"), tuple("ы" * 199 + str(n) for n in range(60))]
)
def test_sections_are_cut_in_number_and_length(sections: tuple[str, ...]) -> None:
    article = article_within_limits(replace(ARTICLE, sections=sections))
    assert len(article.sections) <= MAX_SECTIONS
    assert all(len(name) <= MAX_LENGTHS["sections"] for name in article.sections)
    assert [problem.field for problem in article.problems] == ["sections"]


def test_a_problem_quotes_no_page_at_length() -> None:
    article = article_within_limits(replace(ARTICLE, problems=(Problem("published_at", "x" * 10_000),)))
    assert len(article.problems[0].reason) == MAX_REASON_LENGTH


def test_the_hints_of_a_link_have_the_same_maximums() -> None:
    link = Link(
        url=URL,
        channel="c",
        title="t" * 5_000,
        published_raw="d" * 5_000,
        language="l" * 99,
        sections=tuple(f"{n}" * 300 for n in range(99)),
    )
    cut = link_within_limits(link)
    assert (len(cut.title or ""), len(cut.published_raw or ""), len(cut.language or "")) == (1_000, 200, 35)
    assert (len(cut.sections), max(map(len, cut.sections))) == (MAX_SECTIONS, 200)
    assert link_within_limits(cut) == cut
    assert link_within_limits(Link(url=URL, channel="c")) == Link(url=URL, channel="c")
