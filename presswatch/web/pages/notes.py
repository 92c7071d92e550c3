"""Notes and tags: on an article, as a list, and in other formats."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from presswatch.output import formats
from presswatch.output.formats import FORMATS
from presswatch.output.records import field_names
from presswatch.web.pages.article import article_id_of
from presswatch.web.pages.request import Answer, Document, Page, PageRequest, Redirect, whole_number
from presswatch.web.pages.search import MEDIA_TYPES
from storage.notes.notes import MAX_NOTE_LENGTH, NoteRow, tag_name

NOTES_FORMATS: Sequence[str] = ("json", "csv")
ROWS = 200
ADD, REMOVE = "add", "remove"


def notes(request: PageRequest) -> Answer:
    """Answer with the newest notes and tags, of all articles or of those with a tag."""
    tag = request.value("tag")
    chosen = tag_name(tag) if tag else None
    found = request.store.notes.list(tag=chosen, limit=ROWS + 1)
    values = {
        "rows": found[:ROWS],
        "is_cut": len(found) > ROWS,
        "tags": request.store.notes.tags(),
        "chosen": chosen,
        "formats": NOTES_FORMATS,
    }
    return Page(template="notes.html", title="Notes", values=values)


def change_notes(request: PageRequest) -> Answer:
    """Write or delete a note, and lead back to its article."""
    article_id, kept = article_id_of(request.path["id"]), request.site.writer().notes
    if request.sent("do") == REMOVE:
        note = request.sent("note")
        kept.remove(article_id, whole_number(note) or 0)
    else:
        kept.add(article_id, request.sent("text", max_length=MAX_NOTE_LENGTH), now=request.now)
    return Redirect(f"/articles/{article_id}#notes")


def change_tags(request: PageRequest) -> Answer:
    """Add or take off a tag, and lead back to the article."""
    article_id, kept = article_id_of(request.path["id"]), request.site.writer().notes
    if request.sent("do") == REMOVE:
        kept.untag(article_id, request.sent("tag"))
    else:
        kept.tag(article_id, request.sent("tag"), now=request.now)
    return Redirect(f"/articles/{article_id}#notes")


def _in_format(name: str, request: PageRequest) -> Answer:
    tag = request.value("tag")
    rows = request.store.notes.list(tag=tag_name(tag) if tag else None)
    pieces = FORMATS[name].writer()(map(formats.as_dict, rows), field_names(NoteRow), raw=False)
    return Document(pieces=list(pieces), media_type=MEDIA_TYPES[name], file_name=f"presswatch-notes.{name}")


def notes_in(name: str) -> Callable[[PageRequest], Answer]:
    """Return the maker of all notes and tags in a format."""
    maker = partial(_in_format, name)
    maker.__name__ = f"notes_in_{name}"  # type: ignore[attr-defined]  # names the route
    return maker
