"""Match documents the plainest way, every word against every term: the reference for storage.search.matcher."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

from storage.search.matcher import TEXT_FIELDS, IndexedDocument, Match
from storage.search.query import LABEL_FIELDS, And, Node, Not, Or, Query, SearchField, Term
from storage.text import sentences
from storage.text.analyzer import QueryTerms, Token, analyzer_of
from storage.text.folding import fold_words
from storage.text.sentences import Span, clip_sentence


def plainly(query: Query, article: IndexedDocument) -> Match | None:
    """Match as storage.search.matcher.matches does."""
    if not holds(query.root, article):
        return None
    for place in TEXT_FIELDS:
        found = [(span, term) for term in set(wanted(query.root)) for span in places(term, place, article)]
        if found:
            return best(place, text_of(place, article), found)
    return Match(SearchField.TITLE, clip_sentence(article.title, (0, len(article.title)), ())[0])


def text_of(place: SearchField, article: IndexedDocument) -> str:
    return {
        SearchField.TITLE: article.title,
        SearchField.SUBTITLE: article.subtitle or "",
        SearchField.BODY: article.body,
    }[place]


def holds(node: Node, article: IndexedDocument) -> bool:
    match node:
        case Not(part):
            return not holds(part, article)
        case And(parts):
            return all(holds(part, article) for part in parts)
        case Or(parts):
            return any(holds(part, article) for part in parts)
        case Term(field=field) if field in LABEL_FIELDS:
            return any(is_called(node, name) for name in names(field, article))
    return any(places(node, place, article) for place in TEXT_FIELDS)


def wanted(node: Node) -> list[Term]:
    if isinstance(node, And | Or):
        return [term for part in node.parts for term in wanted(part)]
    return [node] if isinstance(node, Term) and node.field not in LABEL_FIELDS else []


def names(field: SearchField, article: IndexedDocument) -> tuple[str, ...]:
    named = {
        SearchField.SECTION: article.sections,
        SearchField.SOURCE: (article.source,),
        SearchField.LANGUAGE: (article.language or "",),
    }
    return named[field]


def is_called(term: Term, name: str) -> bool:
    whole = "_".join(fold_words(name))
    asked = "_".join(term.label_words)
    return whole.startswith(asked) if term.prefix else whole == asked


def places(term: Term, place: SearchField, article: IndexedDocument) -> list[Span]:
    if term.field not in {None, place}:
        return []
    analyzer = analyzer_of(article.language)
    words = list(analyzer.tokens(text_of(place, article)))
    found: set[Span] = set()
    for reading in (term.read_by(analyzer_of(None)), term.read_by(analyzer)):
        length = len(reading.terms)
        rows = [words[start : start + length] for start in range(len(words) - length + 1)]
        found.update((row[0].start, row[-1].end) for row in rows if stands(reading, row))
    return sorted(found)


def stands(reading: QueryTerms, row: list[Token]) -> bool:
    *before, last = zip(row, reading.terms, strict=True)
    if any(token.stem != wanted for token, wanted in before):
        return False
    token, wanted = last
    forms = {token.stem} if before else {token.stem, token.word}
    return any(form.startswith(wanted) if reading.is_prefix else form == wanted for form in forms)


def sentence_spans(text: str) -> Iterator[Span]:
    """Yield the span of each sentence, in order and without overlap; a line end always ends one."""
    start = 0
    for end in sentences._END.finditer(text):
        if not sentences._continues(text, end):
            yield start, end.end()
            start = end.end()
    if start < len(text):
        yield start, len(text)


def best(place: SearchField, text: str, found: list[tuple[Span, Term]]) -> Match:
    spans = list(sentence_spans(text))
    starts = [start for start, _ in spans]
    within = [(bisect_right(starts, span[0]) - 1, span, term) for span, term in found]
    counts = [len({term for number, _, term in within if number == wanted}) for wanted in range(len(spans))]
    number = counts.index(max(counts))
    inside = sorted(span for at, span, _ in within if at == number)
    marks = inside[:1]
    for start, end in inside[1:]:
        if start < marks[-1][1]:
            marks[-1] = (marks[-1][0], max(marks[-1][1], end))
        else:
            marks.append((start, end))
    start, end = spans[number]
    return Match(place, *clip_sentence(text, (start, max(end, *(until for _, until in marks))), marks))
