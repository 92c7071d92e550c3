"""Hold records and tables equal to the declaration of the article's fields."""

from __future__ import annotations

from dataclasses import fields

from storage.articles.results import ArticleFull, ArticleSummary, Revision
from storage.database import tables
from storage.model.article_fields import (
    ARTICLE_FIELDS,
    EXPORT_FIELDS,
    LIST_FIELDS,
    REVISION_FIELDS,
    MergeRule,
    field_names,
)
from storage.model.records import ArticleData


def names_of(record: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(record))


def test_a_name_is_declared_once_with_a_description() -> None:
    names = [field.name for field in ARTICLE_FIELDS]
    assert len(set(names)) == len(names)
    assert all(field.description.endswith(".") for field in ARTICLE_FIELDS)


def test_lists_exports_and_single_articles_have_the_declared_fields_in_order() -> None:
    assert names_of(ArticleSummary) == LIST_FIELDS
    assert names_of(ArticleFull) == EXPORT_FIELDS


def test_a_parsed_page_has_the_declared_fields() -> None:
    assert set(names_of(ArticleData)) == set(field_names(lambda field: field.is_parsed))


def test_a_revision_keeps_the_declared_fields() -> None:
    assert set(REVISION_FIELDS) <= set(names_of(Revision))


def test_the_table_has_the_declared_columns() -> None:
    columns = {column.name for column in tables.articles.columns}
    assert columns == set(field_names(lambda field: field.is_column))


def test_a_parsed_field_is_merged_unless_the_save_sets_it_itself() -> None:
    own = field_names(lambda field: field.is_parsed and field.merge is MergeRule.OWN)
    assert own == ("source", "url", "fetched_at", "problems", "parser_version")
