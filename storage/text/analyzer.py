"""Split text into normalized tokens with their positions, for queries and the index.

Three steps a word: it is found, folded (both storage.text.folding), and reduced to its stem by the language of its
article (storage.text.stemmers). Text in scripts that part no words by blanks is taken apart into bigrams
(storage.text.bigrams).

Whatever is searched goes through here on both sides, so an index that is filled by one version must not be asked by
another: `ANALYZER_VERSION` goes up whenever a stem could come out differently.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from operator import itemgetter
from typing import NamedTuple, TypeVar

from storage.text.bigrams import bigrams, has_unspaced, is_single, rows
from storage.text.folding import MAX_WORD_LENGTH, WORD, fold
from storage.text.stemmers import STEM_MARK, Stemming, stem_by_script, stemming_of

ANALYZER_VERSION = 2

WORD_CACHE_SIZE = 1 << 16
"""Words whose forms are remembered, so that a word that comes often is reduced once."""

MemoValue = TypeVar("MemoValue")


class Memo(dict[str, MemoValue]):
    """Cache a function of a text in a bounded mapping: `memo[text]` calls it once for a text that comes often.

    A mapping, because a lookup in it costs a quarter of a call, and `map` and `filter` make it without Python's help.
    """

    def __init__(self, says: Callable[[str], MemoValue], *, most: int = WORD_CACHE_SIZE) -> None:
        super().__init__()
        self._says = says
        self._most = most

    def __missing__(self, written: str) -> MemoValue:
        said = self._says(written)
        if len(written) <= MAX_WORD_LENGTH:
            if len(self) >= self._most:
                self.clear()
            self[written] = said
        return said


class Token(NamedTuple):
    """A word of a text: `text[start:end]` as it was written, `word` folded, `stem` as it is compared."""

    # A tuple, because a body has hundreds: a frozen dataclass takes three times as long to make.

    word: str
    stem: str
    start: int
    end: int


class QueryTerms(NamedTuple):
    """The terms of a piece of a query as one analyzer reads it: they stand side by side."""

    terms: tuple[str, ...]
    is_prefix: bool
    """True if the last is what a stem begins with."""


class Analyzer:
    """Analyze texts in the languages of one `Stemming`; None is every language without marked stems.

    A text is taken apart at its white space first, for no word reaches over it, and what is between comes often: the
    words of each such piece are remembered, and a body costs a lookup a piece (75 µs for 400 words, by pattern 190).
    """

    def __init__(self, stemming: Stemming | None) -> None:
        self.stemming = stemming
        self._forms = Memo(self.analyze_word)
        self._pieces = Memo(self._piece)
        self.piece_tokens = Memo(lambda piece: tuple(self.tokens(piece)), most=1 << 14)
        """The tokens of a piece of text without blanks, for texts that are matched again and again."""

    def tokens(self, text: str) -> Iterator[Token]:
        """The words of any text in their order; never raises. A word has letters, digits and their vowel signs only."""
        if has_unspaced(text):
            yield from self._mixed_tokens(text)
            return
        for found in WORD.finditer(text):
            word, stem = self._forms[found[0]]
            if word:
                yield Token(word, stem, found.start(), found.end())

    def _mixed_tokens(self, text: str) -> Iterator[Token]:
        at = 0
        for start, end in rows(text):
            yield from self._spaced_tokens(text, at, start)
            for bigram, begin, until in bigrams(text, start, end):
                yield Token(bigram, bigram, begin, until)
            at = end
        yield from self._spaced_tokens(text, at, len(text))

    def _spaced_tokens(self, text: str, start: int, end: int) -> Iterator[Token]:
        for found in WORD.finditer(text, start, end):
            word, stem = self._forms[found[0]]
            if word:
                yield Token(word, stem, found.start(), found.end())

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Return start and end of each of `tokens`, in half of the time."""
        if has_unspaced(text):
            return [(token.start, token.end) for token in self._mixed_tokens(text)]
        return [found.span() for found in WORD.finditer(text) if self._forms[found[0]][0]]

    def forms(self, text: str) -> list[tuple[str, str]]:
        """Word and stem of each of `tokens`, in their order."""
        if has_unspaced(text):
            return [(token.word, token.stem) for token in self._mixed_tokens(text)]
        return [form for form in map(self._forms.__getitem__, WORD.findall(text)) if form[0]]

    def stems(self, text: str) -> str:
        """The stems of a text in their order, a blank between them."""
        return " ".join(filter(None, map(itemgetter(0), map(self._pieces.__getitem__, text.split()))))

    def stems_and_surface_forms(self, text: str) -> tuple[str, list[str]]:
        """The stems, and the words that are not their own stem, each once, in the order of their first places."""
        pieces = list(map(self._pieces.__getitem__, text.split()))
        unstemmed = dict.fromkeys(map(itemgetter(1), pieces))
        unstemmed.pop("", None)
        if any(" " in found for found in unstemmed):
            unstemmed = dict.fromkeys(" ".join(unstemmed).split())
        return " ".join(filter(None, map(itemgetter(0), pieces))), list(unstemmed)

    def analyze_word(self, written: str) -> tuple[str, str]:
        """One word folded, and its stem."""
        folded = fold(written)[:MAX_WORD_LENGTH]
        word = folded.replace("'", "")
        marked = self.stemming.stem(written[:MAX_WORD_LENGTH], folded) if word and self.stemming else None
        # Of ʼ's nothing would be left.
        return word, marked or stem_by_script(folded).replace("'", "") or word

    def query_terms(self, text: str, *, prefix: bool = False) -> QueryTerms:
        """Read a piece of a query: stems, but a prefix as it is."""
        found = list(self.tokens(text))
        if len(found) > 1 and found[-2].end == found[-1].end:  # the last character of a row is in the bigram, too
            found.pop()
        if not found:
            return QueryTerms((), prefix)
        *before, last = found
        prefix = prefix or is_single(last.word)
        marked = self.stemming is not None and last.stem.startswith(STEM_MARK)
        begun = f"{self.stemming.mark}{last.word}" if self.stemming and marked else last.word
        return QueryTerms((*(token.stem for token in before), begun if prefix else last.stem), prefix)

    def _piece(self, piece: str) -> tuple[str, str]:
        """The stems of a piece of text, and those of its words that are not their own."""
        found = self.forms(piece)
        return " ".join([stem for _, stem in found]), " ".join([word for word, stem in found if word != stem])


@cache
def _analyzer(stemming: Stemming | None) -> Analyzer:
    return Analyzer(stemming)


@lru_cache(maxsize=1024)
def analyzer_of(language: str | None) -> Analyzer:
    """Return the analyzer of the texts of an article in this language; an article without one has that of None."""
    return _analyzer(stemming_of(language))
