"""`presswatch sources add`, `import` and `parse` with wrong arguments: one line, exit code 2, before any request."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import presswatch
from storage.model.extras import Extra
from tests.support.raw_server import RawServer


@pytest.fixture(scope="module")
def server() -> Iterator[RawServer]:
    with RawServer({}) as started:
        yield started


def run(*arguments: str) -> Result:
    return CliRunner().invoke(presswatch.main, arguments, prog_name="presswatch")


def refused(server: RawServer, *arguments: str) -> str:
    """Run a command that must be refused in one line, with no request; return the line."""
    server.answer_with({})
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (2, ""), result.output
    assert result.stderr.count("\n") == 1
    assert server.targets == []
    return result.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--name", "no name"], "'no name' cannot be the name of a source: write up to 64 letters, digits, _, - and ."),
        (["--name", "../up"], "'../up' cannot be the name of a source"),
        (["--name", "x" * 65], "cannot be the name of a source"),
        (["--name", "caliber"], "a source is called caliber already; choose another name with --name"),
        (["--name", "odd"], "a source is called odd already"),
        (["--name", "kept"], "sources.d/kept.toml exists; choose another name with --name, or remove it"),
        (["--language", "klingon"], "'klingon' is no known language: write its code of ISO 639-1, such as en or uk"),
        (["--language", "xx"], "'xx' is no known language"),
        (["--language", "Ukrainian"], "'Ukrainian' is no code of ISO 639-1: write uk"),
        (["--language", ""], "'' must not be empty"),
        (["--timezone", "Baku"], "'Baku' must be the name of a time zone such as Asia/Baku"),
        (["--timezone", " "], "must not be empty"),
        (["--user-agent", "a\nb"], "must have printable ASCII characters only"),
        (["--user-agent", ""], "'' must not be empty"),
    ],
)
def test_wrong_options_of_add_are_refused_before_any_request(
    alone: Path, server: RawServer, options: list[str], said: str
) -> None:
    folder = alone / "sources.d"
    folder.mkdir()
    (folder / "odd.toml").write_text("home = 1\n", encoding="utf-8")
    (folder / "kept.toml").write_text('name = "other"\n', encoding="utf-8")
    assert said in refused(server, "sources", "add", server.url, "--yes", *options)
    assert sorted(path.name for path in folder.iterdir()) == ["kept.toml", "odd.toml"]


def test_a_folder_that_cannot_be_written_is_told_before_any_request(
    alone: Path, server: RawServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    (alone / "sources.d").write_text("", encoding="utf-8")
    assert "sources.d cannot be read: " in refused(server, "sources", "add", server.url, "--yes")
    (alone / "sources.d").unlink()
    (alone / "feeds.opml").write_text("<opml/>", encoding="utf-8")
    monkeypatch.setattr(os, "access", lambda path, mode: mode == os.R_OK)  # root may write everywhere
    assert "cannot be written" in refused(server, "sources", "add", server.url, "--yes")
    assert "cannot be written" in refused(server, "sources", "import", "feeds.opml")


def test_render_without_its_extra_is_told_with_what_installs_it(
    alone: Path, server: RawServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scraper.crawl.chromium.find_spec", lambda name: None)
    said = refused(server, "sources", "add", server.url, "--render")
    assert said.startswith("presswatch: --render renders pages in a browser, which needs Playwright; install ")
    assert f"'.[{Extra.BROWSER}]'" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nope.html"], "there is no file nope.html; write an address with its scheme, such as https://news."),
        (["/en/post/a-vote"], "there is no file /en/post/a-vote; write an address with its scheme"),
        (["tern.example/a-vote"], "there is no file tern.example/a-vote; write an address with its scheme, such as "),
        (["."], ". is a folder; name the file of one page in it"),
        (["nope.html", "--source", "caliber"], "there is no file nope.html"),
        (["ftp://tern.example/a-vote"], "is neither a file nor an http(s) address"),
        (["https://"], "is neither a file nor an http(s) address"),
        (["http://tern example/a-vote"], "is neither a file nor an http(s) address"),
        (["SERVER/a-vote-in-town", "--timezone", "Baku"], "'Baku' must be the name of a time zone"),
        (["SERVER/a-vote-in-town", "--source", "nope"], "no source is called 'nope'"),
        (["SERVER/a-vote-in-town", "--save-case", "page.html"], "--save-case: page.html is no folder"),
        (["page.html", "--url", "nope"], "--url: nope is no http(s) address"),
    ],
)
def test_wrong_arguments_of_parse_are_refused_before_any_request(
    alone: Path, server: RawServer, arguments: list[str], said: str
) -> None:
    (alone / "page.html").write_text("<html><body><h1>A vote</h1></body></html>", encoding="utf-8")
    named = [word.replace("SERVER", server.url) for word in arguments]
    assert said in refused(server, "parse", *named)


def test_a_port_of_a_host_is_a_site_of_its_own(alone: Path, server: RawServer) -> None:
    folder = alone / "sources.d"
    folder.mkdir()
    rest = 'language = "en"\ntimezone = "UTC"\nchannels = [{ feed = "/rss" }]\n'
    (folder / "tern.toml").write_text(f'home = "http://127.0.0.1:1"\n{rest}', encoding="utf-8")
    (folder / "orrin.toml").write_text(f'home = "https://www.orrin.example"\n{rest}', encoding="utf-8")
    (folder / "wire.toml").write_text(f'home = "https://orrin.example:8080"\n{rest}', encoding="utf-8")
    for same in ("http://orrin.example/", "orrin.example:443", "https://www.orrin.example/news"):
        assert "orrin is a source of orrin.example already" in refused(server, "sources", "add", same)
    assert "wire is a source of orrin.example:8080 already" in refused(
        server, "sources", "add", "https://orrin.example:8080"
    )
    server.answer_with({})
    result = run("sources", "add", server.url)
    assert server.targets, result.stderr
