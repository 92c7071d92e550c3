"""Write and list notes and tags on articles."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Text, cast, delete, func, insert, literal, null, select, union_all

from storage.database.engine import upsert_insert
from storage.database.note_tables import notes, tags
from storage.database.session import Database
from storage.database.tables import articles
from storage.model.errors import PresswatchError

MAX_NOTE_LENGTH = 20_000
"""Characters of a note."""
MAX_TAG_LENGTH = 60
"""Characters of a tag: it is indexed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A note on an article."""

    id: int
    text: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleNotes:
    """Notes on an article, oldest first, and its tags by name."""

    notes: tuple[Note, ...]
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteRow:
    """A note or a tag with the article it is on, as lists and exports have it; `kind` is `note` or `tag`."""

    article_id: int
    source: str
    url: str
    title: str
    kind: str
    text: str
    created_at: datetime
    note_id: int | None


class Notes:
    """Read and write the rows of `notes` and `tags`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, article_id: int) -> ArticleNotes:
        """Return what readers kept beside an article."""
        written = select(notes.c.id, notes.c.text, notes.c.created_at).where(notes.c.article_id == article_id)
        tagged = select(tags.c.tag).where(tags.c.article_id == article_id).order_by(tags.c.tag)
        with self._database.read() as connection:
            rows = connection.execute(written.order_by(notes.c.id)).mappings().all()
            return ArticleNotes(notes=tuple(Note(**row) for row in rows), tags=tuple(connection.scalars(tagged)))

    def add(self, article_id: int, text: str, *, now: datetime) -> None:
        """Insert a note. Raises PresswatchError for an empty or long one, and for an article that is not stored."""
        words = text.strip()
        if not 0 < len(words) <= MAX_NOTE_LENGTH:
            raise PresswatchError(f"a note has 1 to {MAX_NOTE_LENGTH} characters")
        with self._database.write() as connection:
            _require_article(connection, article_id)
            connection.execute(insert(notes).values(article_id=article_id, text=words, created_at=now))

    def remove(self, article_id: int, note_id: int) -> None:
        """Delete a note of an article; do nothing if there is none."""
        with self._database.write() as connection:
            connection.execute(delete(notes).where(notes.c.id == note_id, notes.c.article_id == article_id))

    def tag(self, article_id: int, tag: str, *, now: datetime) -> None:
        """Tag an article; do nothing if it is. Raises PresswatchError for an invalid tag or an unknown article."""
        name = tag_name(tag)
        row = {"article_id": article_id, "tag": name, "created_at": now}
        with self._database.write() as connection:
            _require_article(connection, article_id)
            connection.execute(upsert_insert(connection, tags).values(row).on_conflict_do_nothing())

    def untag(self, article_id: int, tag: str) -> None:
        """Take a tag from an article; do nothing if it has none."""
        with self._database.write() as connection:
            connection.execute(delete(tags).where(tags.c.article_id == article_id, tags.c.tag == tag_name(tag)))

    def tags(self) -> tuple[tuple[str, int], ...]:
        """Return every tag with the number of its articles, the most frequent first."""
        number = func.count()
        ranked = select(tags.c.tag, number).group_by(tags.c.tag).order_by(number.desc(), tags.c.tag)
        with self._database.read() as connection:
            return tuple((row[0], row[1]) for row in connection.execute(ranked))

    def list(self, *, tag: str | None = None, limit: int | None = None) -> tuple[NoteRow, ...]:
        """Return notes and tags, latest first; with `tag` those of the articles that have it."""
        written = select(
            notes.c.article_id,
            literal("note").label("kind"),
            notes.c.text,
            notes.c.created_at,
            notes.c.id.label("note_id"),
        )
        tagged = select(tags.c.article_id, literal("tag").label("kind"), tags.c.tag, tags.c.created_at, null())
        every = union_all(written, tagged).subquery("every")
        chosen = [] if tag is None else [every.c.article_id.in_(select(tags.c.article_id).where(tags.c.tag == tag))]
        columns = (articles.c.source, articles.c.url, articles.c.title)
        statement = (
            select(*every.c, *columns)
            .join_from(every, articles, articles.c.id == every.c.article_id)
            .where(*chosen)
            .order_by(every.c.created_at.desc(), every.c.article_id, cast(every.c.kind, Text), every.c.text)
            .limit(limit)
        )
        with self._database.read() as connection:
            return tuple(NoteRow(**row) for row in connection.execute(statement).mappings())


def tag_name(typed: str) -> str:
    """Return a tag in small letters, with single blanks. Raises PresswatchError for none, and for a long one."""
    name = " ".join(typed.casefold().split())
    if not 0 < len(name) <= MAX_TAG_LENGTH:
        raise PresswatchError(f"a tag has 1 to {MAX_TAG_LENGTH} characters")
    return name


def _require_article(connection: Connection, article_id: int) -> None:
    if connection.scalar(select(articles.c.id).where(articles.c.id == article_id)) is None:
        raise PresswatchError(f"no article {article_id} is stored")
