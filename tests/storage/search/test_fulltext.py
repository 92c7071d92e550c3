"""Query the full-text index: its matches are those of storage.search.matcher for every query."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from storage.articles.filters import ArticleFilter, Cursor, Sort
from storage.articles.results import ScoredArticle
from storage.model.errors import ConfigError
from storage.search import fulltext, index_entries
from storage.search.index_entries import fts5_columns, tsvector
from storage.search.matcher import IndexedDocument, matches
from storage.search.query import Query, parse
from storage.text.analyzer import analyzer_of
from storage.text.stemmers import STEMMINGS
from tests.support.corpus import ARTICLES, WORDS, queries
from tests.support.rows import DAY, HOUR, NOON, Rows, address_of


def fill(rows: Rows) -> dict[int, IndexedDocument]:
    """The corpus in the store, by the ids it got."""
    rows.source("apa", title="APA")
    rows.source("", title="Nobody")
    said = [{**article._asdict(), "section": next(iter(article.sections), None)} for article in ARTICLES]
    return {
        rows.article(f"a{place}", **one): article
        for (place, one), article in zip(enumerate(said), ARTICLES, strict=True)
    }


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def filled(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Rows, dict[int, IndexedDocument]]]:
    with ExitStack() as stack:
        if request.param == "sqlite":
            address = address_of(tmp_path_factory.mktemp("corpus"))
        else:
            address = stack.enter_context(request.getfixturevalue("postgres").database()).address
        rows = Rows(address)
        stack.callback(rows.store.close)
        yield rows, fill(rows)


def found(rows: Rows, query: Query, sort: Sort | None = None) -> set[int]:
    return {article.id for article in rows.store.articles.find(ArticleFilter(query=query), sort=sort)}


Filled = tuple[Rows, dict[int, IndexedDocument]]


def assert_same_answers(filled: Filled, query: Query, sort: Sort | None = None) -> None:
    rows, corpus = filled
    wanted = {article_id for article_id, article in corpus.items() if matches(query, article)}
    assert found(rows, query, sort) == wanted, query.text


@pytest.mark.dialect
@pytest.mark.parametrize("text", WORDS)
def test_the_index_finds_what_memory_finds(filled: Filled, text: str) -> None:
    assert_same_answers(filled, parse(text))


@pytest.mark.dialect
@given(queries(), st.sampled_from(Sort))
def test_every_query_has_the_matches_of_the_matcher(filled: Filled, text: str, sort: Sort) -> None:
    try:
        query = parse(text)
    except ValueError:
        return
    assert_same_answers(filled, query, sort)


SIGNS = st.text(
    st.sampled_from("\"'“«»()*:^+-{}[],.;|&!<>\\%_=? \t\n\0\u0301\ud800½ĿªİßаяЯ1aZ中𞤀AND OR NOT NEAR titlebody")
)


@pytest.mark.dialect
@given(SIGNS | st.text())
@example("title:^gas")
@example('"a""b"')
@example("NEAR(gas oil, 5)")
@example("gas\0oil")
def test_no_text_that_is_understood_breaks_the_database(filled: Filled, text: str) -> None:
    try:
        query = parse(text)
    except ValueError:
        return
    assert_same_answers(filled, query)


@given(SIGNS | st.text(), SIGNS | st.text(min_size=1))
def test_what_is_stored_is_found_by_each_of_its_words(text: str, name: str) -> None:
    """Of the pure side: the entries of an article and those of a query are made alike."""
    article = IndexedDocument(title=text, sections=(name,))
    _body, title, _subtitle, sections, _source, _language = fts5_columns(article)
    for word, stem in analyzer_of(None).forms(text):
        assert {word, stem} <= set(title.split(" "))
        assert f"'{stem}':" in tsvector(article)
        assert f"'{word}':" in tsvector(article)
    assert len(sections.split()) <= 1


def nested(kernel: str, levels: int, *around: str) -> str:
    for level in range(levels):
        kernel = around[level % len(around)].replace("…", kernel)
    return kernel


@pytest.mark.dialect
@pytest.mark.parametrize("kernel", ["gas", "sport", "(переговоры -gas)"])
@pytest.mark.parametrize(
    "text",
    [
        ("(x OR (y …))",),
        ("(x OR (reform …))", "(-nothing …)"),
        ("(gas -…)",),
        ("(gas -(x OR gas …))",),
        ("(… -nothing)",),
        ("(((gas OR (x y)) …) OR ((x OR bare) (y OR z)))",),
    ],
    ids=str,
)
@pytest.mark.long_after(12)
def test_queries_as_deep_as_they_may_be(filled: Filled, text: tuple[str, ...], kernel: str) -> None:
    deepest = None
    for levels in range(1, 25):
        try:
            deepest = parse(nested(kernel, levels, *text))
        except ValueError:
            break
        assert_same_answers(filled, deepest)
    assert deepest is not None
    assert levels < 24


@pytest.mark.dialect
def test_a_query_of_very_many_words(filled: Filled) -> None:
    assert_same_answers(filled, parse(" OR ".join(["zz"] * 320 + ["gas"])))
    assert_same_answers(filled, parse(" ".join(["gas"] * 490)))


def asked(rows: Rows, text: str, **wanted: object) -> list[str]:
    filtered = ArticleFilter(query=parse(text), **wanted)  # type: ignore[arg-type]
    return [article.url.rpartition("/")[2] for article in rows.store.articles.find(filtered)]


@pytest.mark.dialect
def test_a_word_in_the_title_weighs_more_than_in_the_subtitle_and_that_more_than_in_the_body(rows: Rows) -> None:
    rows.article("body", title="A", body="Gas is here")
    rows.article("title", title="Gas", body="It is here")
    rows.article("subtitle", title="A", subtitle="Gas", body="is here")
    for other in range(5):
        rows.article(f"other{other}")
    assert asked(rows, "gas") == ["title", "subtitle", "body"]


@pytest.mark.dialect
def test_of_equal_answers_the_last_stored_comes_first(rows: Rows) -> None:
    for slug in ("first", "second", "third"):
        rows.article(slug, title="Same", body="Gas")
    assert asked(rows, "gas") == ["third", "second", "first"]


@pytest.mark.dialect
def test_a_query_goes_with_the_other_filters(rows: Rows) -> None:
    rows.article("old", title="Gas", published_at=NOON - DAY)
    rows.article("new", title="Gas", language="ru")
    rows.article("other", title="Oil")
    assert asked(rows, "gas", since=NOON - HOUR) == ["new"]
    assert asked(rows, "gas", language="en") == ["old"]
    assert asked(rows, "gas", until=NOON - HOUR) == ["old"]


@pytest.mark.dialect
def test_only_answers_have_a_rank(rows: Rows) -> None:
    with pytest.raises(ConfigError, match="only the matches of a query have a rank"):
        list(rows.store.articles.find(sort=Sort.RANK))
    rows.article("a", title="Gas")
    (hit,) = rows.store.articles.find(ArticleFilter(query=parse("gas")))
    assert isinstance(hit, ScoredArticle)
    assert hit.cursor(Sort.RANK) == Cursor(hit.score, hit.id)
    assert hit.cursor(Sort.DATE) == Cursor(hit.published_at, hit.id)


@pytest.mark.parametrize("sort", Sort)
@pytest.mark.parametrize("page", [pytest.param(1, marks=pytest.mark.long), 3])
@pytest.mark.parametrize("common", [0, 3, 100])
@pytest.mark.parametrize("since", [None, pytest.param(NOON - 9 * DAY, marks=pytest.mark.long)])
@pytest.mark.parametrize("text", ["gas", "gas OR coal"])
def test_pages_of_answers_make_up_the_whole_list(
    rows: Rows, monkeypatch: pytest.MonkeyPatch, sort: Sort, page: int, common: int, since: object, text: str
) -> None:
    monkeypatch.setattr(fulltext, "RANK_LIMIT", common)
    dates = [NOON, NOON, None, NOON - DAY, None, NOON, NOON - HOUR]
    for number, date in enumerate(dates):
        count = [5, None, 5, 7, None, 0, 5][number]
        rows.article(f"a{number}", published_at=date, view_count=count, body="gas " * (number % 3 + 1))
        rows.article(f"b{number}", body="oil")
    wanted = ArticleFilter(query=parse(text), since=since)  # type: ignore[arg-type]
    whole = [article.id for article in rows.store.articles.find(wanted, sort=sort)]
    paged: list[int] = []
    after = None
    while part := list(rows.store.articles.find(wanted, sort=sort, limit=page, after=after)):
        paged += [article.id for article in part]
        after = part[-1].cursor(sort)
    assert len(whole) == 7
    assert paged == whole


@pytest.mark.dialect
@pytest.mark.parametrize("text", ["gas", "gas OR coal", '"of gas" OR gas'])
def test_of_a_common_query_only_the_last_stored_are_weighed(
    rows: Rows, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setattr(fulltext, "RANK_LIMIT", 2)
    rows.article("best-but-old", title="Gas", body="Gas")
    rows.article("older", title="A", body="Much is said of gas")
    rows.article("good", title="Gas", body="here")
    rows.article("worse", title="A", body="Much is said of gas")
    assert asked(rows, text) == ["good", "worse", "older", "best-but-old"]


@pytest.mark.dialect
def test_no_phrase_is_found_among_the_words_behind_the_stems(rows: Rows) -> None:
    """Whatever stands there side by side: only stems in their order are a phrase."""
    rows.article("a", title="Gas reforms visited столовая стен", body="Нет столовая")
    column = index_entries.fts5_columns(IndexedDocument(title="Gas reforms visited столовая стен"))[1]
    assert column == "gas reform visit столов стен _ reforms _ visited _ столовая"
    for text in ('"reforms visited столовая"', '"gas reforms"', 'title:"столовая стен"'):
        assert len(asked(rows, text)) == 1
    for text in ('"стен reforms"', '"стен столовая"', '"visited reforms"', "visit-стол", "нет-столы", '"стен нет"'):
        assert asked(rows, text) == []


@pytest.mark.dialect
def test_words_of_a_field_that_are_in_another_too(rows: Rows) -> None:
    rows.article("a", title="Reforms", subtitle="Reforms visited", body="Visited reforms")
    for text in ("title:reforms*", "subtitle:reforms*", "body:reforms*", "subtitle:visited*", "body:visited*"):
        assert asked(rows, text) == ["a"]
    assert asked(rows, "title:visited*") == []


def storable(words: list[str]) -> str:
    """Databases take no surrogates, and PostgreSQL no NUL."""
    return " ".join(words).encode(errors="ignore").decode().replace("\0", " ")


ANY_TEXT = st.lists(st.sampled_from(WORDS) | SIGNS | st.text(max_size=20), max_size=12).map(storable)


@pytest.mark.dialect
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    ANY_TEXT,
    ANY_TEXT,
    ANY_TEXT,
    st.sampled_from([None, "en", *STEMMINGS]),
    st.lists(queries() | ANY_TEXT, min_size=1, max_size=5),
)
def test_any_article_is_found_by_what_memory_finds_it_by(
    rows: Rows, title: str, subtitle: str, body: str, language: str | None, texts: list[str]
) -> None:
    rows.clear("articles")
    article = IndexedDocument(title, subtitle, body, ("politics",), "caliber", language)
    article_id = rows.article("any", **{**article._asdict(), "title": title})
    for text in texts:
        try:
            query = parse(text)
        except ValueError:
            continue
        assert_same_answers((rows, {article_id: article}), query)
