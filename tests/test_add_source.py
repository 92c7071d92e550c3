"""Follow docs/how-to/add-source.md word by word against three made-up sites, in an empty folder, without Python."""

from __future__ import annotations

import os
import re
import shlex
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from scraper.declarations.source_tables import KEYS
from scraper.sources import load_sources
from storage.config.config_file import load_config
from tests.support.forked_command import run_command
from tests.support.made_up_sites import COUNT, SITES, now
from tests.support.paths import ROOT
from tests.support.patience import patient
from tests.support.raw_server import RawServer

PAGE = (ROOT / "docs" / "how-to" / "add-source.md").read_text(encoding="utf-8")
HOME = "https://news.example.net"
ANSWERS = {"wordpress": "Europe/London\n\n", "static": "Asia/Baku\n\n", "sitemap": "\n"}
"""What a person types when `sources add` asks for the time zone and the sections."""
ARTICLE = {
    "wordpress": r"/\d{4}/\d\d/\d\d/harbour[\w-]+/",
    "static": r"/news/104200\.html",
    "sitemap": r"/story/harbour[\w-]+",
}
OPML = '<opml version="2.0"><body><outline text="Orrin" xmlUrl="https://orrin.example/feed"/></body></opml>'


@pytest.fixture(scope="module")
def server() -> Iterator[RawServer]:
    with RawServer({}) as started:
        yield started


def presswatch(folder: Path, words: list[str], typed: str = "") -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PRESSWATCH_")}
    return run_command(words, folder=folder, environment=environment, timeout=patient(120), typed=typed)


def commands() -> list[list[str]]:
    lines = [line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]
    return [shlex.split(line)[1:] for line in lines]


@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.long] * (name != "static")) for name in SITES])
def test_the_page_can_be_followed(name: str, server: RawServer, tmp_path: Path) -> None:
    made_at = now()
    site = SITES[name](server.url, made_at)
    server.answer_with(site)
    (tmp_path / "presswatch.toml").write_text('[scraper]\ndelay = "0 s"\n', encoding="utf-8")
    (tmp_path / "subscriptions.opml").write_text(OPML, encoding="utf-8")
    article = next(path for path in site if re.fullmatch(ARTICLE[name], path))
    for words in commands():
        named = [word.replace(f"{HOME}/ARTICLE", server.url + article).replace(HOME, server.url) for word in words]
        done = presswatch(tmp_path, named, ANSWERS[name] if named[1] == "add" else "")
        assert done.returncode == 0, f"presswatch {shlex.join(named)}:\n{done.stdout}{done.stderr}"
    rows = stored(tmp_path)
    assert len(rows) == COUNT
    first = min(rows, key=lambda row: abs(datetime.fromisoformat(row["published_at"]) - utc(made_at)))
    check_article(name, first, made_at)
    assert (tmp_path / "sources.d" / "cases" / "example" / "views" / "page.html").exists()


def stored(folder: Path) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(folder / "presswatch.db")) as database:
        database.row_factory = sqlite3.Row
        return [dict(row) for row in database.execute("select * from articles")]


def utc(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(tzinfo=None)


def check_article(name: str, row: dict[str, Any], made_at: datetime) -> None:
    """Check the newest article: its title, text, author and moment of publication."""
    assert ("Комитет по гавани" if name == "static" else "Harbour committee") in row["title"]
    age = utc(made_at) - datetime.fromisoformat(row["published_at"])
    minutes = {"wordpress": 60, "static": 10, "sitemap": 60}[name]
    assert minutes - 1 <= age.total_seconds() / 60 <= minutes + 1
    assert row["language"] == ("ru" if name == "static" else "en")
    assert "часть 3" in row["body"] if name == "static" else "part 3" in row["body"]


def test_the_selectors_of_the_page_are_read(server: RawServer, tmp_path: Path) -> None:
    made_at = now()
    server.answer_with(SITES["static"](server.url, made_at))
    (tmp_path / "presswatch.toml").write_text('[scraper]\ndelay = "0 s"\n', encoding="utf-8")
    added = presswatch(tmp_path, ["sources", "add", server.url, "--name", "example"], ANSWERS["static"])
    assert added.returncode == 0, added.stderr
    selectors, _counts = re.findall(r"```text\n(\[page\].*?)```", PAGE, re.DOTALL)
    with (tmp_path / "sources.d" / "example.toml").open("a", encoding="utf-8") as file:
        file.write(f"\n{selectors}")
    checked = presswatch(tmp_path, ["sources", "check", "example"])
    assert re.search(r"view_count +3 of 3  \[span\.views\]", checked.stdout), checked.stdout


def test_the_declaration_of_the_page_is_valid_and_its_table_has_every_key(tmp_path: Path) -> None:
    [example] = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "presswatch.toml").write_text(example, encoding="utf-8")
    sources = load_sources(load_config(tmp_path / "presswatch.toml"))
    assert sources.problems == {}
    assert sources.named("example").sections == ("politics",)
    assert set(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)) == set(KEYS)
