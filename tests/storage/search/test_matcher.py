"""Match articles with a query, and select the sentence to highlight."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.search.matcher import IndexedDocument, Match, matches
from storage.search.query import Query, SearchField, parse
from storage.text import sentences
from storage.text.analyzer import analyzer_of
from storage.text.sentences import MAX_SNIPPET_LENGTH, clip_sentence, sentence_at
from storage.text.stemmers import STEMMINGS
from tests.support.corpus import ARTICLES, queries
from tests.support.reference_matcher import plainly, sentence_spans

ARTICLE = IndexedDocument(
    title="Premier survives vote",
    subtitle="Переговоры о реформах начались в Баку",
    body=(
        "Mr. Marling met the U.S. envoy on Monday. The gas-field\u00a0 at Orrin, he said, will cost 1.5 million.\n\n"
        "Reforms of the export route come next! “Will they?” asked İlham."
    ),
    sections=("Foreign policy", "politics"),
    source="caliber",
    language="en",
)


def sentence(text: str, article: IndexedDocument = ARTICLE) -> str | None:
    match = matches(parse(text), article)
    return None if match is None else match.highlighted()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("reform", "[Reforms] of the export route come next!"),
        ('"export routes"', "Reforms of the [export route] come next!"),
        ("gas", "The [gas]-field at Orrin, he said, will cost 1.5 million."),
        ('"gas field"', "The [gas-field] at Orrin, he said, will cost 1.5 million."),
        ("field-at", "The gas-[field at] Orrin, he said, will cost 1.5 million."),
        ("1.5", "The gas-field at Orrin, he said, will cost [1.5] million."),
        ("reform gas cost", "The [gas]-field at Orrin, he said, will [cost] 1.5 million."),
        ("envoy", "Mr. Marling met the U.S. [envoy] on Monday."),
        ("ILHAM", "“Will they?” asked [İlham]."),
        ("переговоров", "[Переговоры] о реформах начались в Баку"),
        ("реформа", "Переговоры о [реформах] начались в Баку"),
        ("vote", "Premier survives [vote]"),
        ("surviv*", "Premier [survives] vote"),
        ("survives*", "Premier [survives] vote"),
        ("gas-fiel*", "The [gas-field] at Orrin, he said, will cost 1.5 million."),
        ("reforms-of*", "[Reforms of] the export route come next!"),
        ("title:vote", "Premier survives [vote]"),
        ("gas OR nothing", "The [gas]-field at Orrin, he said, will cost 1.5 million."),
        ("gas -sport", "The [gas]-field at Orrin, he said, will cost 1.5 million."),
        ("section:politics", "Premier survives vote"),
        ('section:"foreign policy"', "Premier survives vote"),
        ("section:foreign*", "Premier survives vote"),
        ("source:CALIBER lang:EN", "Premier survives vote"),
        ("source:caliber gas", "The [gas]-field at Orrin, he said, will cost 1.5 million."),
    ],
)
def test_found_by_this_sentence(text: str, found: str) -> None:
    assert sentence(text) == found


@pytest.mark.parametrize(
    "text",
    [
        *("sport", '"route export"', "15", "gas sport", "gas -reform", "title:gas", "subtitle:vote", "body:survives"),
        *("section:foreign", "section:politic", "source:apa", "lang:ru", "lang:e", "gas -lang:en", '"cost million"'),
        *("survivx*", "fiel", "export-routes*"),
    ],
)
def test_not_found(text: str) -> None:
    assert sentence(text) is None


def test_marks_are_places_in_the_sentence() -> None:
    match = matches(parse("gas field"), ARTICLE)
    assert match is not None
    assert match.field is SearchField.BODY
    assert [match.sentence[start:end] for start, end in match.marks] == ["gas", "field"]


def test_a_phrase_over_the_end_of_a_sentence_is_shown_whole() -> None:
    whole = "The gas-field at Orrin, he said, will cost 1.5 [million. Reforms]"
    assert sentence('"million reforms"') == whole


def test_an_article_of_one_endless_line_shows_the_place() -> None:
    shown = sentence("needle", ARTICLE._replace(body="hay " * 5000 + "needle " + "straw " * 5000))
    assert shown is not None
    assert "hay [needle] straw" in shown
    assert len(shown) < MAX_SNIPPET_LENGTH + 10
    assert shown.startswith("…")
    assert shown.endswith("…")


def test_an_article_without_body_is_found_by_its_title() -> None:
    bare = IndexedDocument(title="Gas\t flows")
    assert matches(parse("gas"), bare) == Match(SearchField.TITLE, "Gas flows", ((0, 3),))
    assert matches(parse("lang:en"), bare) is None


WORDS = st.lists(st.sampled_from(["gas", "oil", "Reforms", "U.S.", "\n", "1.5", ".", "!", "x\u0301", "Баку", " "]))


@given(
    WORDS,
    WORDS,
    st.sampled_from(["gas", "oil reform", '"gas oil"', "gas OR баку", "gas -oil", "ref*", '1.5 "oil . x"']),
)
def test_marks_are_words_that_were_asked_for_and_the_sentence_is_one_line(
    title: list[str], body: list[str], text: str
) -> None:
    match = matches(parse(text), IndexedDocument(title=" ".join(title), body=" ".join(body)))
    if match is None:
        return
    assert match.marks
    assert "\n" not in match.sentence
    assert match.sentence == " ".join(match.sentence.split())
    at = 0
    for start, end in match.marks:
        assert at <= start < end <= len(match.sentence)
        assert match.sentence[start:end].strip() == match.sentence[start:end]
        at = end


@given(WORDS, st.sampled_from(["gas", "oil", "reform", "баку"]))
def test_what_must_be_and_what_must_not_be_part_all_articles(body: list[str], word: str) -> None:
    document = IndexedDocument(title="always", body=" ".join(body))
    found = matches(parse(f"always {word}"), document) is not None
    assert (matches(parse(f"always -{word}"), document) is None) is found


@given(st.text(st.sampled_from('aA .!?…"”)\n1.Mr')))
def test_sentences_cover_the_text(text: str) -> None:
    spans = list(sentence_spans(text))
    assert "".join(text[start:end] for start, end in spans) == text
    assert all(start < end for start, end in spans)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("He came. She left.", ["He came.", "She left."]),
        ("It rose to 1.5 million. Then it fell", ["It rose to 1.5 million.", "Then it fell"]),
        ("The U.S. President left. Dr. No came.", ["The U.S. President left.", "Dr. No came."]),
        (
            "В 2026 г. цены выросли. Т. е. на 5 тыс. руб. в год.",
            ["В 2026 г. цены выросли.", "Т. е. на 5 тыс. руб. в год."],
        ),
        ("“Go!” he said. “No.” So be it", ["“Go!” he said.", "“No.”", "So be it"]),
        ("Heading\nText goes on", ["Heading", "Text goes on"]),
        ("天然气出口增加了。「真的吗？」他问。", ["天然气出口增加了。", "「真的吗？」", "他问。"]),
        ("Խոսքը։ Եվս մեկը։", ["Խոսքը։", "Եվս մեկը։"]),
        ("हाँ। नहीं।", ["हाँ।", "नहीं।"]),
    ],
)
def test_where_sentences_end(text: str, wanted: list[str]) -> None:
    assert [clip_sentence(text, span, ())[0] for span in sentence_spans(text)] == wanted


def test_a_word_is_also_found_where_it_is_written_as_the_stem_of_what_is_asked() -> None:
    assert analyzer_of("ru").stems("столовая") == "столов"
    assert analyzer_of("ru").stems("столов") == "стол"
    tables = IndexedDocument(title="Столов нет")
    assert matches(parse("столовая"), tables) == Match(SearchField.TITLE, "Столов нет", ((0, 6),))
    assert matches(parse('"столовая нет"'), tables) is None


TEXTS = (
    st.lists(
        st.sampled_from(
            [
                *(
                    "gas",
                    "Gas",
                    "gas-field",
                    "gas-gas",
                    "oil",
                    "reforms",
                    "reform",
                    "Reforms,",
                    "столовая",
                    "столов",
                    "стол",
                ),
                *("нет", "U.S.", "x\u0301", "Mr.", "1.5", "ªº", "ʼ", "’s", "İlham", ".", "!", "…»", "--", "a" * 70),
                *("partiler", "nazirlərin", "qaz", "gazeteler", "北京市", "가스가", "ก๊าซ", "नहीं", "。", "İlhamın"),
                *(" ", "\n", "\n\n", " \n ", "\t", "\u00a0", "\u200b", "\x1c", "\ud800", "\0", "中文字", "كتاب"),
            ]
        ),
        max_size=40,
    ).map("".join)
    | st.text()
)


def understood(text: str) -> Query | None:
    try:
        return parse(text)
    except ValueError:
        return None


QUERIES = st.builds(understood, queries()).filter(bool)


LANGUAGES = st.sampled_from([None, "en", "zz", *STEMMINGS])


@given(TEXTS, TEXTS, TEXTS, LANGUAGES, st.lists(QUERIES, min_size=1, max_size=4))
def test_as_if_every_word_was_compared(
    title: str, subtitle: str, body: str, language: str | None, asked: list[Query]
) -> None:
    article = IndexedDocument(title, subtitle, body, ("sport", title), "apa", language)
    for query in asked:
        assert matches(query, article) == plainly(query, article)


@given(st.sampled_from(ARTICLES), QUERIES)
def test_of_real_articles_as_well(article: IndexedDocument, query: Query) -> None:
    assert matches(query, article) == plainly(query, article)


# How the end of a sentence is written most plainly.
END = re.compile(r"(?<![.!?…։؟۔।])[.!?…։؟۔।]++[\"'”’»)\]]*+(?=\s)|\n\s*+|[。！？]++[」』”’）]*+")
LINES = st.text(st.sampled_from('aAг .!?…"”)\n\t1.Mr\u00a0։؟。」中'), max_size=60)


@given(LINES)
def test_a_sentence_is_found_from_any_place_in_it(text: str) -> None:
    assert [found.span() for found in sentences._END.finditer(text)] == [found.span() for found in END.finditer(text)]
    after = 0
    for start, end in sentence_spans(text):
        for place in range(start, end):
            if not text[place].isspace():
                assert sentence_at(text, place) == (start, end)
                assert sentence_at(text, place, after) == (start, end)
                after = start


@pytest.mark.long
def test_hostile_texts_take_no_long() -> None:
    one_word = "a" * 3_000_000
    for body in (f"{one_word} a", "a " * 100_000, "." * 1_000_000 + " a", "a. " * 100_000, "中a" * 100_000 + " a"):
        match = matches(parse('a OR "a a" OR "b a" OR a*'), IndexedDocument(title="", body=body))
        assert match is not None
        assert len(match.sentence) < MAX_SNIPPET_LENGTH + 10
    long = parse(" OR ".join(f"w{number}" for number in range(200)))
    assert matches(long, IndexedDocument(title="", body=" ".join(f"v{number}" for number in range(50_000)) + " w199"))
    assert matches(parse("-".join("a" * 990)), IndexedDocument(title="", body="a " * 3000)) is not None


def test_a_page_asked_for_again_takes_its_words_apart_only_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fifty bodies in three languages have 9,000 different pieces: a smaller cache is emptied by every page."""
    page = [
        IndexedDocument("", body=" ".join(f"talks{number}" for number in range(at, at + 180)))
        for at in range(0, 9000, 180)
    ]
    query, seen = parse("talks42 OR talks8999"), []
    analyzer = analyzer_of(None)
    tokenise = analyzer.piece_tokens
    monkeypatch.setattr(
        analyzer,
        "piece_tokens",
        type("Counted", (), {"__getitem__": lambda _, piece: seen.append(piece) or tokenise[piece]})(),
    )
    found = [[number for number, document in enumerate(page) if matches(query, document)] for _ in range(3)]
    assert found == [[0, 49]] * 3
    assert len(seen) == len(set(seen)) == 9001  # the empty title is one, too
