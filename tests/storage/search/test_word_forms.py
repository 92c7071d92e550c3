"""One query finds the word forms of every language, and of none another word."""

from __future__ import annotations

import pytest

from storage.articles.filters import ArticleFilter
from storage.articles.highlight import brackets, highlights
from storage.search.indexed_languages import indexed_analyzers
from storage.search.matcher import IndexedDocument, matches
from storage.search.query import parse
from storage.text.stemmers import STEMMINGS
from tests.support.rows import Rows

ARTICLES = {
    "en": "The reforms of the party. They put news of it in the paper.",
    "ru": "О реформах и переговорах.",
    "az": "Nazirlərin Bakıdakı görüşündə ölkələrin iqtisadiyyatı müzakirə olunub.",
    "tr": "Hükümetin kararları ve Erdoğan'ın partisi seçimlerde.",
    "hy": "Կառավարության նախագահի խոսքը։",
    "fa": "کتاب‌های رئیس جمهوری",
    "ar": "قالت الحكومة والوزير",
    "de": "Die Regierungen der Länder und ihre Häuser.",
    "fr": "Les élections des gouvernements.",
    "es": "Las naciones y sus gobiernos.",
    "el": "Οι κυβερνήσεις της Ευρώπης.",
    "sr": "Састанак у Београду.",
    "hi": "सरकारें और लड़के",
    "zh": "天然气出口增加了。",
    "ja": "アゼルバイジャンのガス輸出について",
    "ko": "대통령이 수출을 말했다",
    "th": "ประธานาธิบดีกล่าวถึงก๊าซธรรมชาติ",
}
FOUND = [
    ("reform", "en", "reforms"),
    ("реформа", "ru", "реформах"),
    ("nazir", "az", "Nazirlərin"),
    ("Bakıya", "az", "Bakıdakı"),
    ("ölkə", "az", "ölkələrin"),
    ('"ölkənin iqtisadiyyat"', "az", "ölkələrin iqtisadiyyatı"),
    ("gör*", "az", "görüşündə"),
    ("hükümet", "tr", "Hükümetin"),
    ("Erdoğan", "tr", "Erdoğan'ın"),
    ("karar", "tr", "kararları"),
    ("hükümetin-kar*", "tr", "Hükümetin kararları"),
    ("նախագահ", "hy", "նախագահի"),
    ("کتاب", "fa", "کتاب‌های"),
    ("حكومة", "ar", "الحكومة"),
    ("Regierung", "de", "Regierungen"),
    ("Haus", "de", "Häuser"),
    ("élection", "fr", "élections"),
    ("nación", "es", "naciones"),
    ("κυβέρνηση", "el", "κυβερνήσεις"),
    ("Beograd", "sr", "Београду"),
    ("Београд", "sr", "Београду"),
    ("सरकार", "hi", "सरकारें"),
    ("天然气", "zh", "天然气"),
    ("出口", "zh", "出口"),
    ("气", "zh", "气出"),
    ("ガス", "ja", "ガス"),
    ("輸出", "ja", "輸出"),
    ("대통령", "ko", "대통령"),
    ("수출", "ko", "수출"),
    ("ก๊าซ", "th", "ก๊าซ"),
]
NOT_FOUND = ["putin", "new", "pap", "出天", "령대", "ゼア", "fath", "Station"]


def store(rows: Rows) -> None:
    for language, body in ARTICLES.items():
        rows.article(f"in-{language}", title="-", body=body, language=language)


@pytest.mark.dialect
def test_a_word_is_found_in_each_language_by_its_forms(rows: Rows) -> None:
    store(rows)
    for text, language, marked in FOUND:
        query = parse(text)
        found = list(
            highlights(
                rows.store,
                query,
                rows.store.articles.find(ArticleFilter(query=query)),
                lambda match: match.highlighted("⟦", "⟧"),
            )
        )
        assert [(one.article.language, f"⟦{marked}⟧" in one.snippet) for one in found] == [(language, True)], text
    for text in NOT_FOUND:
        assert list(rows.store.articles.find(ArticleFilter(query=parse(text)))) == [], text


@pytest.mark.dialect
def test_a_query_asks_for_the_stems_of_the_languages_that_are_stored(rows: Rows) -> None:
    rows.article("en", body="Reforms", language="en")
    with rows.store.read() as connection:
        assert indexed_analyzers(connection) == []
    for language in STEMMINGS:
        rows.article(f"of-{language}", body="Reforms", language=language)
    rows.article("again", body="Reforms", language="TR-tr")
    with rows.store.read() as connection:
        codes = {analyzer.stemming.code for analyzer in indexed_analyzers(connection) if analyzer.stemming}
    assert codes == set(STEMMINGS)
    assert len(list(rows.store.articles.find(ArticleFilter(query=parse("reforms"))))) == len(STEMMINGS) + 2


@pytest.mark.long
@pytest.mark.dialect
def test_a_query_of_very_many_words_in_every_language(rows: Rows) -> None:
    for language in STEMMINGS:
        rows.article(f"of-{language}", body="Reforms, gazlar: сезонов", language=language)
    for text in ("gazlar " * 280, "gazlar OR " * 195 + "x", "(" * 19 + "gazlar" + " OR gazlara-x)" * 19, "сезонов"):
        assert len(list(rows.store.articles.find(ArticleFilter(query=parse(text))))) == len(STEMMINGS)


def test_an_article_without_a_language_goes_by_its_script() -> None:
    for language, is_found in ((None, False), ("az", True), ("ru", False)):
        document = IndexedDocument("-", body="Nazirlərin görüşü", language=language)
        assert (matches(parse("nazir"), document) is not None) is is_found


def test_brackets_mark_what_is_found() -> None:
    match = matches(parse("出口"), IndexedDocument("-", body="天然气出口增加了。", language="zh"))
    assert match is not None
    assert brackets(match) == "天然气[出口]增加了。"
