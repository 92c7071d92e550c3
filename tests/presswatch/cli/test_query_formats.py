"""`presswatch query`: fields, pages, counts and the forms beyond table, JSON and CSV."""

from __future__ import annotations

import csv
import io
import json
import re

import feedparser
import pytest
from lxml import etree

from storage.articles.articles import LIST_BATCH_SIZE
from tests.conftest import Ask
from tests.support.rows import DAY, NOON, TERMS, Rows

HOSTILE = "<script>alert('x')</script> & \"gas\" ]]> \x00\x0b\x1b[31m\ufffe|`*_ \u202egnp"
FEEDS = ["rss", "atom"]


def cursor_of(stderr: str) -> str | None:
    found = re.search(r"the next page: presswatch query --cursor ([\w-]+)", stderr)
    return found[1] if found else None


@pytest.mark.parametrize("form", FEEDS)
def test_a_feed_is_valid_and_says_whose_each_article_is(rows: Rows, ask: Ask, form: str) -> None:
    rows.article("one", title="Gas corridor", sections=("politics", "economy"), revised_at=NOON)
    rows.article("undated", published_at=None, language=None)
    written = ask("query", "--format", form, "--section", "politics").stdout_bytes
    etree.fromstring(written, etree.XMLParser(resolve_entities=False))
    feed = feedparser.parse(written)
    assert not feed.bozo
    assert feed.version == {"rss": "rss20", "atom": "atom10"}[form]
    assert "section politics" in feed.feed.title
    assert feed.feed.link == "https://caliber.az"
    dated, undated = feed.entries
    assert (dated.title, dated.link, dated.id) == ("Gas corridor", dated.link, dated.link)
    assert dated.published_parsed[:5] == (2026, 11, 4, 11, 0)
    assert "published" not in undated
    for entry in feed.entries:
        assert entry.link.startswith("https://caliber.az/en/post/")
        assert entry.presswatch_source == "caliber"
        assert entry.presswatch_fetched_at == "2026-11-04T12:00:00+00:00"
        assert entry.rights == TERMS
        assert entry.author == "Caliber.az"
        assert "Caliber.az (caliber), fetched 2026-11-04 12:00 UTC" in entry.summary
    assert [tag.term for tag in dated.tags] == ["politics", "economy"]


@pytest.mark.parametrize("form", FEEDS)
def test_a_hostile_title_stays_text_in_a_feed(rows: Rows, ask: Ask, form: str) -> None:
    rows.article("one", title=HOSTILE, sections=("<b>&\x01",))
    written = ask("query", "--format", form).stdout_bytes
    assert b"<script" not in written
    assert not set(written.decode()) & set("\x00\x0b\x1b\ufffe\u202e")
    feed = feedparser.parse(written)
    assert not feed.bozo
    (entry,) = feed.entries
    if form == "atom":
        assert entry.title_detail.type == "text/plain"
        assert entry.title == "<script>alert('x')</script> & \"gas\" ]]> \ufffd[31m|`*_ \u202egnp"  # NUL is no text
    else:  # a title is plain text, escaped once
        title = etree.fromstring(written).findtext("channel/item/title")
        assert title == "<script>alert('x')</script> & \"gas\" ]]> \ufffd[31m|`*_ \u202egnp"
    assert entry.tags[0].term == "<b>&"


@pytest.mark.parametrize("form", FEEDS)
def test_a_feed_of_nothing_is_a_feed(rows: Rows, ask: Ask, form: str) -> None:
    feed = feedparser.parse(ask("query", "--format", form).stdout_bytes)
    assert (feed.bozo, feed.entries) == (False, [])


def test_a_feed_names_the_next_page_and_keeps_its_id(rows: Rows, ask: Ask) -> None:
    for number in range(3):
        rows.article(f"a{number}")
    answer = ask("query", "--format", "atom", "--limit", "2")
    feed = feedparser.parse(answer.stdout_bytes)
    (next_page,) = [link.href for link in feed.feed.links if link.rel == "next"]
    assert next_page.endswith(f"?after={cursor_of(answer.stderr)}")
    again = feedparser.parse(ask("query", "--format", "atom", "--limit", "1").stdout_bytes)
    assert again.feed.id == feed.feed.id
    assert feedparser.parse(ask("query", "--format", "atom", "--gone").stdout_bytes).feed.id != feed.feed.id


def test_tsv_is_a_line_a_row_without_quotes(rows: Rows, ask: Ask) -> None:
    rows.article("one", title='=1\t"two"\nthree', sections=("politics", "economy"), view_count=None)
    head, line = ask("query", "--format", "tsv").stdout.splitlines()
    row = dict(zip(head.split("\t"), line.split("\t"), strict=True))
    assert row["title"] == '\'=1 "two" three'
    assert (row["sections"], row["view_count"], row["terms"]) == ("politics; economy", "", TERMS)
    raw = ask("query", "--format", "tsv", "--no-escape", "--fields", "title").stdout.splitlines()[1]
    assert raw.split("\t")[0] == '=1\\t"two"\\nthree'


def test_markdown_is_a_table_in_which_a_title_is_only_text(rows: Rows, ask: Ask) -> None:
    rows.article("one", title=HOSTILE)
    rows.article("two", title="![x](http://a/b) [y](javascript:z)\n# no")
    head, rule, *lines, empty, zone = ask("query", "--format", "md").stdout.splitlines()
    assert head.startswith("| title | url | published\\_at |")
    assert rule.count("---") == rule.count("|") - 1
    assert len(lines) == 2
    assert all(len(re.findall(r"(?<!\\)\|", line)) == rule.count("|") for line in lines)
    assert "<script" not in lines[1]
    assert "\\!\\[x\\]\\(http://a/b\\) \\[y\\]" in lines[0]
    assert "<https://caliber.az/en/post/two>" in lines[0]
    assert TERMS in lines[0]
    assert "| 2026-11-04 11:00 |" in lines[0]
    assert (empty, zone) == ("", "Times are UTC.")


@pytest.mark.parametrize("form", ["json", "jsonl", "csv", "tsv"])
def test_fields_come_as_asked_and_with_them_whose_they_are(rows: Rows, ask: Ask, form: str) -> None:
    rows.article("one")
    written = ask("query", "--format", form, "--fields", "title, view_count").stdout
    if form == "json":
        (entry,) = json.loads(written)
    elif form == "jsonl":
        entry = json.loads(written)
    else:
        (entry,) = csv.DictReader(io.StringIO(written), delimiter="," if form == "csv" else "\t")
    assert list(entry) == ["title", "view_count", "source", "url", "fetched_at", "terms"]
    assert (entry["title"], str(entry["view_count"])) == ("One", "100")


def test_fields_in_a_table_come_alone_and_the_sources_below(rows: Rows, ask: Ask) -> None:
    rows.article("one", published_at=None)
    assert ask("query", "--fields", "view_count,published_at,title").stdout.splitlines() == [
        "VIEW_COUNT  PUBLISHED_AT  TITLE",
        "       100             -  One",
        "",
        f"Caliber.az (caliber): {TERMS}",
        "Times are UTC.",
    ]
    header, row, *_ = ask("query", "--fields", "title", "--addresses").stdout.splitlines()
    assert header.split() == ["TITLE", "FETCHED_AT", "URL"]
    assert row == "One    2026-11-04 12:00  https://caliber.az/en/post/one"


@pytest.mark.parametrize("sort", ["date", "views", "stored"])
@pytest.mark.parametrize("form", ["jsonl", "rss"])
def test_pages_put_together_are_the_whole_list(rows: Rows, ask: Ask, sort: str, form: str) -> None:
    for number in range(7):
        given = None if number % 3 == 0 else NOON - (number % 2) * DAY
        rows.article(f"a{number}", published_at=given, view_count=given and number % 2)
    options = ["query", "--sort", sort, "--format", form]
    addresses = re.compile(r"https://caliber.az/en/post/a\d(?=[\"<])")
    whole = list(dict.fromkeys(addresses.findall(ask(*options, "--limit", "0").stdout)))
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        after = ["--cursor", cursor] if cursor else []
        answer = ask(*options, "--limit", "3", *after)
        found += dict.fromkeys(addresses.findall(answer.stdout))
        cursor = cursor_of(answer.stderr)
    assert found == whole
    assert len(whole) == 7


def test_a_last_page_that_is_full_is_the_last(rows: Rows, ask: Ask) -> None:
    for number in range(2):
        rows.article(f"a{number}")
    assert ask("query", "--limit", "2").stderr == ""


COUNTED = [
    ("day", [("2026-11-04", 2), ("2026-11-03", 1), ("2026-11-02", 1)]),
    ("source", [("caliber", 3), ("apa", 1)]),
    ("section", [("politics", 3), (None, 1)]),
    ("language", [("en", 3), ("ru", 1)]),
]


def four(rows: Rows) -> None:
    rows.source("apa", title="APA")
    rows.article("one", source="apa", language="ru")
    rows.article("two", section=None)
    rows.article("three", published_at=NOON - DAY)
    rows.article("undated", published_at=None, first_seen_at=NOON - 2 * DAY)


@pytest.mark.parametrize(("by", "expected"), COUNTED)
@pytest.mark.parametrize("form", ["table", "json", "jsonl", "csv", "tsv", "md"])
def test_counts_by_each_in_every_form(
    rows: Rows, ask: Ask, by: str, expected: list[tuple[str | None, int]], form: str
) -> None:
    four(rows)
    written = ask("query", "--group-by", by, "--format", form).stdout
    if form == "json":
        assert [tuple(entry.values()) for entry in json.loads(written)] == expected
    elif form == "jsonl":
        assert [tuple(json.loads(line).values()) for line in written.splitlines()] == expected
    else:
        missing = {"table": "-", "md": ""}.get(form, "")
        lines = written.removesuffix("\nTimes are UTC.\n").splitlines()
        words = [re.split(r"[,\t]| +\|? *|\| ", line.strip("| ")) for line in lines]
        cells = [[word.replace("\\", "") for word in line if word] for line in words]
        assert cells[-len(expected) :] == [
            [word for word in (name if name is not None else missing, str(number)) if word] for name, number in expected
        ]


def counted(ask: Ask, *options: str) -> list[tuple[object, ...]]:
    """Return the rows of counts as JSON has them."""
    return [tuple(row.values()) for row in json.loads(ask("query", "--format", "json", *options).stdout)]


@pytest.mark.dialect
def test_counts_by_several_have_a_row_for_each_combination_and_each_period(rows: Rows, ask: Ask) -> None:
    """NOON is of Wednesday, 2026-11-04."""
    rows.article("one", section="politics", authors=("Ann Lee", "Bo Wu"), published_at=NOON)
    rows.article("two", section="politics", authors=("Bo Wu",), published_at=NOON + DAY / 48)
    rows.article("three", section=None, published_at=NOON - 2 * DAY)
    rows.article("undated", section="sport", published_at=None, first_seen_at=NOON - 2 * DAY)
    assert counted(ask, "--count", "--by", "day", "--by", "section") == [
        ("2026-11-04", "politics", 2),
        ("2026-11-03", None, 0),
        ("2026-11-02", "sport", 1),
        ("2026-11-02", None, 1),
    ]
    assert counted(ask, "--by", "section", "--by", "section", "--by", "week") == [
        ("politics", "2026-W45", 2),
        ("sport", "2026-W45", 1),
        (None, "2026-W45", 1),
    ]
    assert counted(ask, "--by", "author") == [("Bo Wu", 2), (None, 2), ("Ann Lee", 1)]
    assert counted(ask, "--by", "month", "--by", "author", "--until", "2026-11-03") == [("2026-11", None, 2)]
    weekdays = counted(ask, "--by", "weekday")
    assert weekdays[:4] == [("Monday", 2), ("Tuesday", 0), ("Wednesday", 2), ("Thursday", 0)]
    assert len(weekdays) == 7
    hours = counted(ask, "--by", "hour")
    assert [hours[0], hours[1]] == [("2026-11-04 12:00", 2), ("2026-11-04 11:00", 0)]
    assert len(hours) == 49
    assert sum(int(str(row[-1])) for row in hours) == 4


def test_a_range_has_every_period_also_before_the_first_and_after_the_last(rows: Rows, ask: Ask) -> None:
    rows.article("one", published_at=NOON)
    options = ("--since", "2026-10-31", "--until", "2026-11-06")
    assert counted(ask, "--by", "day", *options) == [(f"2026-11-0{day}", int(day == 4)) for day in (5, 4, 3, 2, 1)] + [
        ("2026-10-31", 0)
    ]
    assert counted(ask, "--by", "month", *options) == [("2026-11", 1), ("2026-10", 0)]
    assert counted(ask, "--by", "week", *options) == [("2026-W45", 1), ("2026-W44", 0)]
    assert counted(ask, "--by", "month", "--since", "0001-01-01", "--until", "0003-01-01")[-1] == ("0001-01", 0)
    assert counted(ask, "--by", "hour", "--since", "0001-01-01") == [("2026-11-04 12:00", 1)]  # too many to list
    assert counted(ask, "--by", "day", "--limit", "2", *options) == [("2026-11-05", 0), ("2026-11-04", 1)]
    assert ask("query", "--by", "day").stdout.endswith("\n\nTimes are UTC.\n")
    assert "UTC" not in ask("query", "--by", "section").stdout


def test_the_count_is_a_number(rows: Rows, ask: Ask) -> None:
    four(rows)
    assert ask("query", "--count").stdout == "4\n"
    assert ask("query", "--count", "--language", "ru").stdout == "1\n"
    assert json.loads(ask("query", "--count", "--format", "json").stdout) == [{"article_count": 4}]
    assert ask("query", "--count", "--gone").stdout == "0\n"


def test_the_count_is_of_what_the_list_lists(rows: Rows, ask: Ask) -> None:
    four(rows)
    for options in (["--since", "2026-11-03"], ["--until", "2026-11-03"], ["--section", "politics"], ["--gone"]):
        listed = ask("query", "--format", "jsonl", *options).stdout.count("\n")
        assert ask("query", "--count", *options).stdout == f"{listed}\n"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--fields", "title,boddy"], "unknown field boddy; known fields: id, source, source_title, url, title"),
        (["--fields", ","], "no field given; known fields: id"),
        (["--fields", "title", "--format", "rss"], "--fields cannot be used with --format rss"),
        (["--cursor", "nonsense"], "this is no cursor"),
        (["--cursor", "é"], "this is no cursor"),
        (["--cursor", "ZGF0ZXx8"], "this is no cursor"),
        (["--cursor", "c3RvcmVkfHw3"], "sorted by stored, this one is sorted by date"),
        (["--count", "--format", "atom"], "--format atom cannot be used with --count or --by"),
        (["--group-by", "day", "--fields", "title"], "--fields cannot be used with --count or --by"),
        (["--count", "--cursor", "c3RvcmVkfHw3"], "--cursor cannot be used with --count or --by"),
        (["--group-by", "day", "--sort", "date"], "--sort cannot be used with --count or --by"),
        (["gas", "--count", "--highlight"], "--highlight cannot be used with --count or --by"),
        (["--count", "--limit", "0"], "--limit cannot be used with --count or --by"),
        (["--by", "title"], "'title' is no group: hour, day"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_asking_is_one_clear_line(rows: Rows, ask: Ask, options: list[str], said: str) -> None:
    rows.article("one")
    answer = ask("query", *options)
    assert (answer.exit_code, answer.stdout) == (2, "")
    assert said in answer.stderr
    assert answer.stderr.count("\n") == 1


@pytest.mark.dialect
@pytest.mark.parametrize("form", FEEDS)
@pytest.mark.long_after(2)
def test_a_feed_of_every_article_has_the_description_of_each(rows: Rows, ask: Ask, form: str) -> None:
    """Descriptions are read a batch at a time while the list is open; of one as of a moment, if the page is as old."""
    for number in range(LIST_BATCH_SIZE + 5):
        rows.article(f"a{number}", description=f"About {number}." if number % 2 else None)
    rows.article("later", description="A later one.", fetched_at=NOON + DAY)
    told = feedparser.parse(ask("query", "--limit", "0", "--format", form).stdout_bytes)
    summaries = {entry.title: entry.summary for entry in told.entries}
    assert len(summaries) == LIST_BATCH_SIZE + 6
    assert (summaries["A201"], summaries["Later"]) == ("About 201.", "A later one.")
    assert "fetched 2026-11-04 12:00 UTC" in summaries["A200"]
    past = feedparser.parse(ask("query", "--as-of", "2026-11-04T13:00Z", "--limit", "0", "--format", form).stdout_bytes)
    summaries = {entry.title: entry.summary for entry in past.entries}
    assert summaries["A201"] == "About 201."
    assert "A later one." not in summaries["Later"]
