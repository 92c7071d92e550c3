"""Define the tables of readers: notes and tags on articles, apart from everything that a site said."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Table

from storage.database.column_types import BigInt, UtcDateTime, Utf8Text
from storage.database.tables import METADATA

notes = Table(
    "notes",
    METADATA,
    Column("id", BigInt, primary_key=True, doc="Row id."),
    Column("article_id", BigInt, ForeignKey("articles.id"), nullable=False, doc="The article."),
    Column("text", Utf8Text, nullable=False, doc="What a reader wrote."),
    Column("created_at", UtcDateTime, nullable=False, doc="Time of writing."),
    Index("ix_notes_article_id", "article_id"),
    info={"doc": "A note of a reader on an article."},
)

tags = Table(
    "tags",
    METADATA,
    Column("article_id", BigInt, ForeignKey("articles.id"), primary_key=True, doc="The article."),
    Column("tag", Utf8Text, primary_key=True, doc="A word or some, in small letters."),
    Column("created_at", UtcDateTime, nullable=False, doc="Time of tagging."),
    Index("ix_tags_tag_article_id", "tag", "article_id"),
    info={"doc": "A tag of a reader on an article."},
)
