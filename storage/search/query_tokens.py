"""Split the text of a query into tokens; refuse signs that other searches give a meaning, where it would be lost.

Text is pasted with its punctuation: that between words parts them, and what has no letter is left out. A sign that may
ask for something else (`|`, `?`, `*` within a word) is refused at its position, with what to write.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import pairwise

from storage.text.folding import fold_words


@dataclass(frozen=True, slots=True)
class Token:
    """A token of a query: its kind, what it says, and where it begins and ends in the query."""

    kind: str
    text: str
    start: int
    end: int


def tokens(text: str, fields: Collection[str], label_fields: Collection[str]) -> list[Token]:
    """Split a query into tokens, the last of which has the kind `end`; names of fields are in small letters.

    `label_fields` have names as values, in which a slash is no punctuation. Raises ValueError that says the position of
    a sign without a meaning, and what to write.
    """
    rest = text.rstrip()
    found = list(_raw_tokens(rest, fields, label_fields))
    for token in found:
        if token.kind in {"word", "phrase"}:
            _refuse_lost_signs(rest, token)
    for before, token in pairwise(found):
        if before.kind == "minus" or before.text == "NOT" or (before.kind == "field" and before.text.lower() in fields):
            _refuse_list(rest, before, token)
    return [*_without_punctuation(found), Token("end", "", len(rest), len(rest))]


def syntax_error(start: int, what: str) -> ValueError:
    """Return the error of a place in a query, counted from 0."""
    return ValueError(f"position {start + 1}: {what}")


_QUOTES = '"“”„«»'
_LEXER = re.compile(
    rf"""\s*(?:
      (?P<open>\() | (?P<close>\))
    | (?P<phrase>[{_QUOTES}](?P<quoted>[^{_QUOTES}]*)[{_QUOTES}])
    | (?P<quote>[{_QUOTES}])
    | (?P<operator>(?:AND|OR|NOT)(?=[\s()]|$))
    | (?P<minus>[-−–](?=[^\s)]))
    | (?P<field>[^\W\d_]+):(?=[^\s)])
    | (?P<bare>[^\W\d_]+:)(?=[\s)]|$)
    | (?P<word>[^\s(){_QUOTES}]+)
    )""",
    re.VERBOSE,
)
_KINDS = ("open", "close", "phrase", "quote", "operator", "minus", "field", "bare", "word")
_SAYS = {"phrase": "quoted"}

_LETTER = r"[^\W_]"
_SEPARATORS = ",;/"
_SEPARATOR = re.compile(rf"(?:(?<!\d)[{_SEPARATORS}]|[{_SEPARATORS}](?!\d))")
"""Punctuation between words; within a number, as in 1,000 or 24/7, it parts none."""
_COMPARISON = re.compile(r"([^\W\d_]+)[=<>]+(?=.)", re.DOTALL)
_NEAR = re.compile(r"NEAR(?:/\d|\()")
_LOST_SIGNS = {
    re.compile(r"\|"): "| is no operator: write OR if one of the words is enough, or leave it out",
    re.compile(rf"(?:^|(?<=\s))!(?=!*{_LETTER})"): "! is no operator: write -word to leave out articles with a word",
    re.compile(rf"(?<=[\w{_QUOTES}])[~^](?=\d|\s|$)"): "~ and ^ have no meaning behind a word: leave them out",
}
"""Signs of other searches outside of quotation marks, and what to write."""


def _raw_tokens(text: str, fields: Collection[str], label_fields: Collection[str]) -> Iterator[Token]:
    place, before = 0, ""
    while place < len(text):
        found = _LEXER.match(text, place)
        assert found is not None, text[place:]
        kind = next(name for name in _KINDS if found[name] is not None)
        token = Token(kind, found[_SAYS.get(kind, kind)], found.start(kind), found.end(kind))
        place = found.end()
        if kind == "word" or (kind == "bare" and token.text[:-1].lower() not in fields):  # as in "Baku: a headline"
            _refuse_comparison(token, fields)
            _refuse_near(text, token)
            yield from _separated(token, keep_slash=before in label_fields)
        else:
            yield token
        before = token.text.lower() if kind == "field" else ""


def _refuse_near(text: str, word: Token) -> None:
    if _NEAR.match(text, word.start):
        raise syntax_error(word.start, "NEAR is no operator: write both words, or a phrase in quotation marks")


def _separated(word: Token, *, keep_slash: bool) -> Iterator[Token]:
    """Yield the parts of a word between punctuation, and the punctuation."""
    place = 0
    for sign in _SEPARATOR.finditer(word.text):
        if sign[0] == "/" and keep_slash:
            continue
        yield from _part(word, place, sign.start())
        yield from _part(word, sign.start(), sign.end())
        place = sign.end()
    yield from _part(word, place, len(word.text))


def _part(word: Token, start: int, end: int) -> Iterator[Token]:
    if start < end:
        yield Token("word", word.text[start:end], word.start + start, word.start + end)


def _refuse_comparison(word: Token, fields: Collection[str]) -> None:
    compared = _COMPARISON.match(word.text)
    if compared is not None and compared[1].lower() in fields:
        right = f"{compared[1].lower()}:{word.text[compared.end() :]}"
        raise syntax_error(word.start + compared.end(1), f"a field has a colon behind it: write {right}")


def _refuse_lost_signs(text: str, token: Token) -> None:
    if token.kind == "word":
        for sign, advice in _LOST_SIGNS.items():
            if (found := sign.search(text, token.start, token.end)) is not None:
                raise syntax_error(found.start(), advice)
    for place in range(token.start, token.end):
        if text[place] == "*" and not _is_word_end(text, token, place):
            inside = " and has no meaning in quotation marks" if token.kind == "phrase" else ""
            raise syntax_error(place, f"* stands only at the end of a word, as in elect*{inside}")
        if text[place] == "?" and not _is_question(text, token, place):
            raise syntax_error(place, "? stands for no letter: leave it out, or write elect* for words that begin so")


def _is_word_end(text: str, token: Token, place: int) -> bool:
    """Return whether a `*` is the last character of a word, right behind a letter, a digit or a mark on one."""
    is_last = token.kind == "word" and token.start < place == token.end - 1
    return is_last and unicodedata.category(text[place - 1])[0] in "LNM"


def _is_question(text: str, token: Token, place: int) -> bool:
    """Return whether a `?` ends a question: behind several words, at the end of the text or before a new sentence."""
    behind = text[place + 1 :]
    if re.match(_LETTER, behind):
        return False
    if token.kind == "phrase":
        return True
    following = re.search(_LETTER, behind)
    return len(fold_words(text[:place])) > 1 and (following is None or not following[0].islower())


def _refuse_list(text: str, before: Token, operand: Token) -> None:
    """Refuse several words, parted by punctuation, behind a field or a minus: it belongs to the first word alone."""
    behind = text[operand.end :].lstrip()
    if operand.kind not in {"word", "phrase"} or behind[:1] not in tuple(_SEPARATORS):
        return
    further = re.search(rf"{_LETTER}+", behind)
    if further is None:
        return
    start = {"field": f"{before.text}:", "operator": "NOT "}.get(before.kind, before.text)
    both = f"{start}({text[operand.start : operand.end]} OR {further[0]})"
    raise syntax_error(
        operand.end, f"{start.strip()} belongs to the first word alone: write {both} or leave out the {behind[0]}"
    )


def _without_punctuation(found: list[Token]) -> Iterator[Token]:
    """Return the tokens but for words without a letter or digit, and dashes before one, which negate nothing."""
    kept: list[Token] = []
    is_left_out = False
    for before, token in reversed([*pairwise([Token("start", "", 0, 0), *found])]):
        if token.kind == "word" and before.kind != "field" and not fold_words(token.text):
            is_left_out = True
        elif not (token.kind == "minus" and is_left_out):
            kept.append(token)
            is_left_out = False
    return reversed(kept)
