"""A source, section or language that nothing has is refused with those that there are, by each command with filters."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event

from storage.articles import known_names
from storage.articles.known_names import KnownNames
from tests.conftest import Ask
from tests.support.rows import HOUR, NOON, Rows

COMMANDS = (
    ("query",),
    ("query", "gas"),
    ("query", "--count"),
    ("export", "out.csv"),
    ("report",),
    ("views", "--top", "5"),
)
DECLARED = """home = "https://tern.example"
language = "uk"
timezone = "Europe/Kyiv"
sections = ["harbour"]
channels = [{ feed = "/rss" }]
"""


@pytest.fixture
def stored(rows: Rows) -> Rows:
    rows.source("zaxid", title="Zaxid")
    rows.article("gas", sections=("politics", "energy"), section="politics")
    rows.article("oil", source="zaxid", language="ru", sections=("sport",), section="sport")
    return rows


@pytest.mark.parametrize("command", [*COMMANDS, ("runs",), ("events",)], ids=" ".join)
def test_a_source_that_is_neither_stored_nor_declared_is_refused(
    stored: Rows, ask: Ask, alone: Path, command: tuple[str, ...]
) -> None:
    done = ask(*command, "--source", "zaxit")
    said = "presswatch: no source is called 'zaxit'; there are: caliber, zaxid (did you mean zaxid?)\n"
    assert (done.exit_code, done.stdout, done.stderr) == (2, "", said)
    assert ask(*command, "--source", "zaxid").exit_code == 0
    assert list(alone.glob("out.csv")) == ([alone / "out.csv"] if "export" in command else [])


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_section_and_a_language_that_no_article_has_are_refused(
    stored: Rows, ask: Ask, command: tuple[str, ...]
) -> None:
    section = ask(*command, "--section", "polytics")
    assert (section.exit_code, section.stdout) == (2, "")
    assert "no section is called 'polytics'; there are: politics, sport" in section.stderr
    assert section.stderr.endswith(" (did you mean politics?)\n")
    language = ask(*command, "--language", "xx")
    assert (language.exit_code, language.stdout) == (2, "")
    assert "no language is called 'xx'; there are: en, ru" in language.stderr


@pytest.mark.parametrize("options", [("--section", "ENERGY"), ("--language", "RU"), ("--section", "sport")])
def test_names_are_found_as_the_filter_compares_them(stored: Rows, ask: Ask, options: tuple[str, str]) -> None:
    assert ask("query", "--count", *options).stdout == "1\n"


@pytest.mark.parametrize("options", [("--source", "tern"), ("--section", "Harbour"), ("--language", "uk")])
def test_what_is_declared_and_not_crawled_yet_has_no_articles(
    stored: Rows, ask: Ask, alone: Path, options: tuple[str, str]
) -> None:
    (alone / "sources.d").mkdir()
    (alone / "sources.d" / "tern.toml").write_text(DECLARED, encoding="utf-8")
    done = ask("query", "--count", *options)
    assert (done.exit_code, done.stdout) == (0, "0\n")


def test_a_broken_declaration_is_the_name_of_a_source(stored: Rows, ask: Ask, alone: Path) -> None:
    (alone / "sources.d").mkdir()
    (alone / "sources.d" / "tern.toml").write_text("home = 1\n", encoding="utf-8")
    assert ask("runs", "--source", "tern").exit_code == 0


def test_a_database_without_sources_is_told_first(rows: Rows, ask: Ask) -> None:
    rows.clear("sources")
    done = ask("query", "--source", "nope", "--section", "nope", "--language", "nope")
    assert done.exit_code == 0
    assert "no articles are stored" in done.stderr


def test_a_section_of_the_past_is_asked_for_as_of_it(stored: Rows, ask: Ask) -> None:
    assert ask("query", "--section", "gone-section", "--as-of", "2026-11-04").exit_code == 0
    assert ask("query", "--source", "zaxit", "--as-of", "2026-11-04").exit_code == 2


def test_a_language_that_exists_is_not_refused_where_only_the_newest_articles_were_read(
    stored: Rows, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known_names, "MAX_NEWEST", 1)
    stored.article("coal", language="uk", published_at=NOON - 99 * HOUR)
    assert ask("query", "--count", "--language", "uk").stdout == "1\n"
    assert ask("query", "--count", "--language", "az").exit_code == 0
    assert ask("query", "--count", "--language", "klingon").exit_code == 2
    assert "(did you mean en?)" in ask("query", "--count", "--language", "english").stderr


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("gas section:sprot", "QUERY: no section is called 'sprot'; there are: "),
        ("section:sprot", "(did you mean sport?)"),
        ("source:calibre (gas OR oil)", "QUERY: no source is called 'calibre'; there are: "),
        ("source:calibre", "(did you mean caliber?)"),
        ("lang:english", "QUERY: no language is called 'english'; there are: en, ru (did you mean en?)"),
        ("language:en-gb", "(did you mean en?)"),
    ],
)
def test_a_name_that_nothing_has_is_told_in_a_query_too(stored: Rows, ask: Ask, typed: str, said: str) -> None:
    for command in (("query", typed), ("report", typed)):
        done = ask(*command)
        assert (done.exit_code, done.stdout) == (2, "")
        assert said in done.stderr


@pytest.mark.parametrize(
    "typed",
    ["section:sport", "section:Energy", "source:caliber", "lang:RU", "gas -section:sprot", "section:(energy OR sprot)"],
)
def test_a_query_that_can_match_is_answered(stored: Rows, ask: Ask, typed: str) -> None:
    assert ask("query", typed).exit_code == 0


@pytest.mark.parametrize(
    ("typed", "code"), [("english", "en"), ("Russian", "ru"), ("en-GB", "en"), ("eng", "en"), ("rus", "ru")]
)
def test_a_language_is_known_by_its_name(stored: Rows, ask: Ask, typed: str, code: str) -> None:
    assert ask("query", "--language", typed).stderr.endswith(f"(did you mean {code}?)\n")


@pytest.fixture
def steps(stored: Rows) -> Iterator[list[str]]:
    """Steps of the plans of SQLite for the statements from now on."""
    found: list[str] = []

    def explain(connection: Connection, cursor: Any, statement: str, values: Any, *_rest: Any) -> None:
        if statement.startswith("SELECT"):
            cursor.execute(f"EXPLAIN QUERY PLAN {statement}", values)
            found.extend(row[3] for row in cursor.fetchall())

    event.listen(stored.store.engine, "before_cursor_execute", explain)
    yield found
    event.remove(stored.store.engine, "before_cursor_execute", explain)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_names_are_read_from_indexes_alone(stored: Rows, steps: list[str]) -> None:
    known = KnownNames(stored.store)
    assert not known.has_section("nope")
    assert known.newest.languages == ("en", "ru")
    read = [step for step in steps if "articles" in step or "article_sections" in step]
    assert read == [
        "SEARCH article_sections USING COVERING INDEX ix_article_sections_section_published_at_article_id (section=?)",
        "SCAN articles USING COVERING INDEX ix_articles_published_at_id",
    ]
