"""What storage.matching promises, said in the plainest way: every word of every text is looked at for every term."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

from storage import sentences
from storage.matching import TEXT_FIELDS, Document, Match
from storage.questions import LABELS, All, Either, Field, Node, Not, Question, Term
from storage.sentences import Span, one_line
from storage.words import Token, tokens


def plainly(question: Question, article: Document) -> Match | None:
    """As storage.matching.matches."""
    if not holds(question.root, article):
        return None
    for place in TEXT_FIELDS:
        found = [(span, term) for term in set(wanted(question.root)) for span in places(term, place, article)]
        if found:
            return best(place, text_of(place, article), found)
    return Match(Field.TITLE, one_line(article.title, (0, len(article.title)), ())[0])


def text_of(place: Field, article: Document) -> str:
    return {Field.TITLE: article.title, Field.SUBTITLE: article.subtitle or "", Field.BODY: article.body}[place]


def holds(node: Node, article: Document) -> bool:
    match node:
        case Not(part):
            return not holds(part, article)
        case All(parts):
            return all(holds(part, article) for part in parts)
        case Either(parts):
            return any(holds(part, article) for part in parts)
        case Term(field=field) if field in LABELS:
            return any(is_called(node, name) for name in names(field, article))
    return any(places(node, place, article) for place in TEXT_FIELDS)


def wanted(node: Node) -> list[Term]:
    if isinstance(node, All | Either):
        return [term for part in node.parts for term in wanted(part)]
    return [node] if isinstance(node, Term) and node.field not in LABELS else []


def names(field: Field, article: Document) -> tuple[str, ...]:
    named = {
        Field.SECTION: article.sections,
        Field.SOURCE: (article.source,),
        Field.LANGUAGE: (article.language or "",),
    }
    return named[field]


def is_called(term: Term, name: str) -> bool:
    whole = "_".join(token.word for token in tokens(name))
    asked = "_".join(word.word for word in term.words)
    return whole.startswith(asked) if term.prefix else whole == asked


def places(term: Term, place: Field, article: Document) -> list[Span]:
    if term.field not in {None, place}:
        return []
    words = list(tokens(text_of(place, article)))
    length = len(term.words)
    rows = [words[start : start + length] for start in range(len(words) - length + 1)]
    return [(row[0].start, row[-1].end) for row in rows if stands(term, row)]


def stands(term: Term, row: list[Token]) -> bool:
    *before, last = zip(row, term.words, strict=True)
    if any(token.stem != word.stem for token, word in before):
        return False
    token, word = last
    forms = {token.stem} if before else {token.stem, token.word}
    return any(form.startswith(word.word) if term.prefix else form == word.stem for form in forms)


def sentence_spans(text: str) -> Iterator[Span]:
    """Where each sentence begins and ends, in order and without overlap; a line end always ends one."""
    start = 0
    for end in sentences._END.finditer(text):
        if not sentences._goes_on(text, end):
            yield start, end.end()
            start = end.end()
    if start < len(text):
        yield start, len(text)


def best(place: Field, text: str, found: list[tuple[Span, Term]]) -> Match:
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
    return Match(place, *one_line(text, (start, max(end, *(until for _, until in marks))), marks))
