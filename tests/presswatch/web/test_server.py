"""The real server: what it refuses, what it says of itself, how it starts and ends."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from presswatch.web.server import listen
from storage.database.tables import articles
from tests.conftest import Ask
from tests.support.paths import ROOT
from tests.support.rows import Rows, address_of, empty_database
from tests.support.web_server import WebServer

PAGES = (
    *("/", "/search?q=senate", "/articles/3", "/sources", "/runs", "/events", "/inspect"),
    *("/coverage", "/absent?q=gas", "/compare", "/watches", "/watches/new", "/notes"),
)


@pytest.mark.parametrize("path", PAGES)
def test_every_page_forbids_scripts_of_its_own_and_everything_from_elsewhere(server: WebServer, path: str) -> None:
    got = server.ask(path)
    assert got.status == 200
    policy = got.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert (got.headers["x-content-type-options"], got.headers["x-frame-options"]) == ("nosniff", "DENY")
    assert got.headers["cache-control"] == "private, no-store"
    assert "server" not in got.headers
    assert not re.search(r"\sstyle=|<style|<script(?![^>]* src=)|\son\w+=|javascript:", got.text)


def test_a_site_that_has_its_name_lead_here_is_refused(server: WebServer) -> None:
    assert server.ask("/", host="evil.example").status == 421
    assert server.ask("/static/nothing.css", host="evil.example").status == 421


def test_another_site_can_link_here_and_load_nothing(server: WebServer) -> None:
    embedded = {"sec_fetch_site": "cross-site", "sec_fetch_mode": "no-cors"}
    assert server.ask("/search?q=gas", **embedded).status == 403
    assert server.ask("/search?q=gas", sec_fetch_site="cross-site", sec_fetch_mode="navigate").status == 200


def test_unknown_addresses_and_wrong_input_are_told_on_a_page(server: WebServer) -> None:
    for path in ("/nowhere", "/articles/999999", "/articles/x", "/runs/99999", "/sources/none", "/static/style.css"):
        got = server.ask(path)
        assert (got.status, "<h1>Not Found</h1>" in got.text) == (404, True), path
    got = server.ask("/search?q=gas+AND&since=never")
    assert (got.status, 'role="alert"' in got.text) == (200, True)
    assert server.ask("/search.json?q=gas+AND").status == 400
    assert server.ask("/events?kind=none").status == 400
    assert server.ask("/search?" + "&".join(f"a{n}=1" for n in range(80))).status == 400


def test_a_form_without_the_token_of_its_page_changes_nothing(server: WebServer) -> None:
    refused = server.ask("/sign-out", form={}, origin=server.address)
    assert (refused.status, "load it again" in refused.text) == (400, True)
    assert server.ask("/sign-out", form={}, origin="http://evil.example").status == 403
    assert server.ask("/sign-out", body=b"{}", origin=server.address, content_type="application/json").status == 400


def test_a_large_body_is_refused(server: WebServer) -> None:
    got = server.ask("/sign-out", form={"text": "x" * 100_000}, origin=server.address)
    assert got.status == 413


def test_files_have_the_hash_of_their_content_and_are_kept(server: WebServer) -> None:
    found = re.findall(r'"(/static/[^"]+)"', server.ask("/search").text)
    assert len(found) == 3
    for path in found:
        got = server.ask(path)
        assert (got.status, "immutable" in got.headers["cache-control"]) == (200, True)
    assert server.ask("/static/..%2f..%2fapp.py").status == 404


def test_with_a_token_nothing_is_shown_before_it_is_given(tmp_path: Path) -> None:
    said = _serve(tmp_path, "--new-token").stdout
    token, stored = re.findall(r"token: (\S+)", said)[0], re.findall(r'"(sha256:\w+)"', said)[0]
    (tmp_path / "news.db").write_bytes(empty_database())
    settings = f'[web]\nhost = "0.0.0.0"\ntoken_hash = "{stored}"\n'
    with WebServer(tmp_path, address_of(tmp_path), settings=settings) as server:
        asked = server.ask("/search?q=gas")
        assert (asked.status, asked.headers["location"]) == (303, "/sign-in?next=%2Fsearch%3Fq%3Dgas")
        assert server.ask("/search.json?q=gas").status == 401
        assert server.ask("/api/articles").status == 401
        assert server.ask("/search.json?q=gas", authorization=f"Bearer {token}").status == 200
        assert server.ask("/search.json?q=gas", authorization="Bearer wrong").status == 401
        assert server.ask("/", cookie="presswatch-token=wrong").status == 303
        wrong = server.send("/sign-in", {"token": "wrong"}, page="/sign-in")
        assert (wrong.status, wrong.cookies.get("presswatch-token")) == (403, None)
        right = server.send("/sign-in?next=%2Fsearch%3Fq%3Dgas", {"token": token}, page="/sign-in")
        assert (right.status, right.headers["location"]) == (303, "/search?q=gas")
        assert {"HttpOnly", "SameSite=strict"} <= set(right.headers["set-cookie"].split("; "))
        page = server.ask("/", cookie=f"presswatch-token={token}")
        assert (page.status, "Sign out" in page.text) == (200, True)
        away = server.send("/sign-in?next=//evil.example", {"token": token}, page="/sign-in")
        assert away.headers["location"] == "/"
        assert token not in server.log
        out = server.send("/sign-out", {}, cookie=f"presswatch-token={token}")
        assert (out.status, out.cookies["presswatch-token"]) == (303, '""')


def test_everybody_may_read_and_nobody_change_if_the_settings_say_so(tmp_path: Path) -> None:
    (tmp_path / "news.db").write_bytes(empty_database())
    settings = '[web]\nhost = "0.0.0.0"\nallow_anonymous = true\n'
    with WebServer(tmp_path, address_of(tmp_path), settings=settings) as server:
        assert "warning: web.host = 0.0.0.0" in server.log
        assert server.ask("/").status == 200
        for path in ("/sign-out", "/watches/new", "/watches/remove", "/articles/1/notes", "/articles/1/tags"):
            assert server.send(path, {"text": "x"}).status == 403, path


def test_searches_are_limited(tmp_path: Path) -> None:
    (tmp_path / "news.db").write_bytes(empty_database())
    with WebServer(tmp_path, address_of(tmp_path), settings="[web]\nsearches_per_minute = 4\n") as server:
        answers = [server.ask("/search?q=gas") for _ in range(3)]
        assert [got.status for got in answers] == [200, 429, 429]
        assert int(answers[1].headers["retry-after"]) > 0
        program = server.ask("/api/articles")
        assert (program.status, program.headers["content-type"]) == (429, "application/problem+json")
        assert int(program.headers["retry-after"]) > 0
        assert server.ask("/").status == 200


@pytest.mark.long
def test_a_query_that_takes_too_long_ends_in_words(tmp_path: Path) -> None:
    (tmp_path / "news.db").write_bytes(empty_database())
    rows = Rows(address_of(tmp_path))
    first = rows.article("first")
    with rows.store.write() as connection:
        one = dict(connection.execute(select(articles).where(articles.c.id == first)).mappings().one())
        connection.execute(
            insert(articles), [one | {"id": n, "url": f"https://caliber.az/{n}"} for n in range(2, 8_000)]
        )
    rows.store.close()
    with WebServer(tmp_path, address_of(tmp_path), settings='[web]\nquery_timeout = "1 ms"\n') as server:
        got = server.ask("/search?author=nobody")
        assert (got.status, "narrow it" in got.text) == (503, True)
        program = server.ask("/api/articles?author=nobody")
        assert (program.status, program.headers["content-type"]) == (503, "application/problem+json")
        assert "narrow it" in program.text


@pytest.mark.long
def test_fifty_readers_at_once_while_articles_are_saved(tmp_path: Path) -> None:
    (tmp_path / "news.db").write_bytes(empty_database())
    rows = Rows(address_of(tmp_path))
    rows.article("gas-0")
    paths = [*("/", "/search?q=gas", "/articles/1", "/sources", "/events") * 10]
    settings = "[web]\nsearches_per_minute = 100000\n"
    with WebServer(tmp_path, address_of(tmp_path), settings=settings) as server, ThreadPoolExecutor(50) as readers:
        asked = [readers.submit(server.ask, path) for path in paths]
        for number in range(1, 30):
            rows.article(f"gas-{number}")
        assert [one.result().status for one in asked] == [200] * len(paths)
        assert "30 articles" in server.ask("/search?q=gas").text
        assert "Traceback" not in server.log
    rows.store.close()


def test_an_answer_is_sent_without_waiting_for_the_receipt_of_its_head() -> None:
    with closing(listen("127.0.0.1", 0)) as listening, socket.create_connection(listening.getsockname()) as _client:
        accepted, _address = listening.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_it_stops_in_good_order(tmp_path: Path) -> None:
    (tmp_path / "news.db").write_bytes(empty_database())
    server = WebServer(tmp_path, address_of(tmp_path)).__enter__()
    assert server.ask("/").status == 200
    assert server.stop() == 0


@pytest.mark.long
def test_errors_of_the_start_are_one_line(tmp_path: Path, server: WebServer) -> None:
    assert "does not exist" in _failed(tmp_path)
    (tmp_path / "presswatch.db").write_bytes(empty_database())
    port = server.netloc.rpartition(":")[2]
    assert "Address already in use; name a free port with --port" in _failed(tmp_path, "--port", port)
    assert "web.token_hash" in _failed(tmp_path, "--host", "0.0.0.0")
    assert "no.such.host.invalid" in _failed(tmp_path, "--host", "no.such.host.invalid", code=2)


def test_without_the_extra_it_says_how_to_get_it(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "presswatch.web.safety.preconditions.find_spec", lambda name: None if name == "uvicorn" else object()
    )
    done = ask("serve")
    assert done.exit_code == 2
    assert "the pages of presswatch serve need uvicorn" in done.stderr
    assert "'.[web]'" in done.stderr
    assert done.stderr.count("\n") == 1


def _serve(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "presswatch", "serve", *arguments]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, env={"PYTHONPATH": str(ROOT), "PATH": ""}
    )


def _failed(folder: Path, *arguments: str, code: int | None = None) -> str:
    done = _serve(folder, *arguments)
    assert done.returncode in ({1, 2} if code is None else {code, 2})
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr
