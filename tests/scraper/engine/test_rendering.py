"""Render pages with a real Chromium, which makes no request that the crawl does not allow."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import psutil
import pytest

from scraper.crawl import chromium
from scraper.crawl.browser_folder import PREFIX, BrowserFolder
from scraper.crawl.chromium import find_browser
from scraper.engine import browser
from scraper.source import ListingPage, PageSelectors, Source, TeaserSelectors
from storage.model.errors import ConfigError
from storage.model.records import RunStatus
from tests.support.crawl_env import CrawlEnv
from tests.support.leftovers import has_ended
from tests.support.patience import patient_duration, wait_until
from tests.support.raw_server import RawAnswer, RawServer, answer

HTML = b"Content-Type: text/html; charset=utf-8"
SCRIPT = b"Content-Type: application/javascript; charset=utf-8"
JSON = b"Content-Type: application/json"

LIST = b"""<!DOCTYPE html><title>News</title><div id=cards></div><script src=/app.js></script>
<script>fill('/api/news.json', items => cards.innerHTML = items.map(
  one => `<div class=card><a href="/news/${one.id}">${one.title}</a></div>`).join(''))</script>"""
APP = b"""const fill = (url, show) =>
  fetch(url, {headers: {'X-Requested-With': 'app'}}).then(answer => answer.json()).then(show);"""
ARTICLE = """<!DOCTYPE html><title>{title}</title><h1>{title}</h1><article><p>Text of {title}.</p></article>
<time datetime="2026-11-0{number}T10:00:00Z"></time><span class=views></span><script src=/app.js></script>
<img src=/pixel.png><video src=/film.mp4></video><link rel=stylesheet href=/style.css><iframe src=/frame.html></iframe>
<script>fill('/api/views/{number}.json', said => document.querySelector('.views').textContent = said.views);{more}
</script>"""


@pytest.fixture(autouse=True)
def _chromium() -> None:
    try:
        find_browser("", reason="a test renders pages")
    except ConfigError as error:
        pytest.skip(str(error))


def source(url: str) -> Source:
    return Source(
        name="rendered",
        title="Rendered",
        base_url=url,
        timezone="UTC",
        channels=(ListingPage(path="/news"),),
        teasers=TeaserSelectors(card=".card"),
        article_path=r"/news/\d+",
        default_language="en",
        render=True,
        page=PageSelectors(title=("h1",), body=("article",), published=("time@datetime",), views=(".views",)),
    )


def answers(*, more: str = "", robots: bytes = b"", count: int = 2) -> dict[str, bytes]:
    listed = [{"id": number, "title": f"Title {number}"} for number in range(1, count + 1)]
    return {
        "/robots.txt": answer(robots),
        "/news": answer(LIST, HTML, b'ETag: "same"'),
        "/app.js": answer(APP, SCRIPT),
        "/api/news.json": answer(json.dumps(listed).encode(), JSON),
        **{
            f"/news/{one['id']}": answer(ARTICLE.format(title=one["title"], number=one["id"], more=more).encode(), HTML)
            for one in listed
        },
        **{f"/api/views/{one['id']}.json": answer(b'{"views": 12%d}' % one["id"], JSON) for one in listed},
    }


@pytest.fixture
def env(tmp_path: Path, server: RawServer) -> Iterator[CrawlEnv]:
    made = CrawlEnv(tmp_path, cast("Any", SimpleNamespace(url=server.url)))
    yield made
    assert browsers() == []


def browsers() -> list[str]:
    """Return the names of the children of this process that belong to a browser."""
    children = psutil.Process().children(recursive=True)
    return [name for child in children if (name := child.name()).startswith(("node", "chrom"))]


def test_lists_and_counts_that_scripts_fill_are_read(env: CrawlEnv, server: RawServer) -> None:
    server.answer_with(answers())
    run = env.crawl_source(source(server.url))
    assert (run.status, run.error, run.listed, run.new) == (RunStatus.SUCCEEDED, None, 2, 2)
    assert sorted((row.title, row.body, row.view_count) for row in env.rows("articles")) == [
        ("Title 1", "Text of Title 1.", 121),
        ("Title 2", "Text of Title 2.", 122),
    ]
    wanted = {"/robots.txt", "/news", "/app.js", "/api/news.json"}
    assert set(server.targets) == wanted | {f"/{kind}" for n in "12" for kind in (f"news/{n}", f"api/views/{n}.json")}
    assert server.targets.count("/app.js") == 1
    assert run.requests == len(server.targets)


def test_a_list_on_another_host_loads_what_is_there_and_an_article_does_not(env: CrawlEnv, server: RawServer) -> None:
    with RawServer({}) as service:
        more = f"</script><script src={service.url}/spy.js></script><script>"
        server.answer_with(answers(more=more))
        listed = LIST.replace(b'"/news/', f'"{server.url}/news/'.encode())
        service.answer_with({**answers(), "/list": answer(listed, HTML), "/spy.js": answer(APP, SCRIPT)})
        run = env.crawl_source(replace(source(server.url), channels=(ListingPage(path=f"{service.url}/list"),)))
        assert (run.status, run.error, run.new) == (RunStatus.SUCCEEDED, None, 2)
        assert set(service.targets) == {"/robots.txt", "/list", "/app.js", "/api/news.json"}
        assert sorted(row.view_count for row in env.rows("articles")) == [121, 122]


@pytest.mark.long
def test_each_request_of_a_page_is_one_of_the_crawl(env: CrawlEnv, server: RawServer) -> None:
    server.answer_with(answers())
    env.slow_down(contact="mailto:desk@news.example", concurrency=1, delay=timedelta(seconds=0.2), autothrottle=True)
    run = env.crawl_source(source(server.url))
    assert (run.error, run.new) == (None, 2)
    for head in server.heads:
        assert b"\r\nUser-Agent: Presswatch/" in head
        assert b"mailto:desk@news.example" in head
        assert b"Chrom" not in head
        assert head.startswith(b"GET ")
    (news,) = [head for head in server.heads if b"/api/news.json" in head]
    assert b"x-requested-with: app" in news.lower()


@pytest.mark.long
def test_what_robots_txt_forbids_is_not_loaded(env: CrawlEnv, server: RawServer) -> None:
    server.answer_with(answers(robots=b"User-agent: *\nDisallow: /api/views/"))
    run = env.crawl_source(source(server.url))
    assert run.new == 2
    assert [row.view_count for row in env.rows("articles")] == [None, None]
    assert not [target for target in server.targets if "views" in target]


HOSTILE = """
fetch('http://127.0.0.1:{port}/'); new WebSocket('ws://127.0.0.1:{port}/'); new EventSource('/stream');
fetch('/post', {{method: 'POST', body: 'x'}}); navigator.sendBeacon('/beacon', 'x'); open('/popup.html');
document.querySelector('iframe').src = 'http://127.0.0.1:{port}/'; document.body.append(new Image());
document.images[0].src = 'http://127.0.0.1:{port}/image.png'; alert('stop'); print();
navigator.serviceWorker && navigator.serviceWorker.register('/worker.js').catch(() => 0);
Object.assign(document.createElement('a'), {{href: '/file.zip', download: 'file.zip'}}).click();
document.head.insertAdjacentHTML('beforeend', '<link rel=preconnect href=http://127.0.0.1:{port}/>');
new RTCPeerConnection({{iceServers: [{{urls: 'stun:127.0.0.1:{port}'}}]}}).createDataChannel('x');
addEventListener('load', () => location = 'http://127.0.0.1:{port}/elsewhere.html');"""


@pytest.mark.long
def test_a_page_reaches_nothing_by_itself(env: CrawlEnv, server: RawServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        server.answer_with(answers(more=HOSTILE.format(port=other.getsockname()[1]), count=1))
        run = env.crawl_source(source(server.url))
        other.setblocking(False)
        with pytest.raises(BlockingIOError):  # nobody has connected
            other.accept()
    assert (run.error, run.status, run.new) == (None, RunStatus.SUCCEEDED, 1)
    assert sorted(server.targets) == [
        *("/api/news.json", "/api/views/1.json", "/app.js", "/news", "/news/1", "/robots.txt"),
    ]
    assert env.row("articles").view_count == 121


@pytest.mark.long
def test_a_page_that_leads_on_to_another_is_none(env: CrawlEnv, server: RawServer) -> None:
    server.answer_with(answers(count=1, more="location = '/login'"))
    run = env.crawl_source(source(server.url))
    assert run.error is not None
    assert run.error.endswith(f"the page cannot be rendered: a script in it leads on to {server.url}/login")


@pytest.mark.long
@pytest.mark.parametrize("more", ["while (true);", "setInterval(() => fetch('/api/news.json?' + Math.random()), 50)"])
def test_a_page_that_does_not_end_fails_alone(env: CrawlEnv, server: RawServer, more: str) -> None:
    server.answer_with(answers(count=2) | {"/news/1": answer(f"<h1>x</h1><script>{more}</script>".encode(), HTML)})
    timeout = patient_duration(2)  # in which the other page is rendered on a busy machine, too
    env.slow_down(timeout=timeout)
    run = env.crawl_source(source(server.url))
    assert (run.new, run.failed) == (1, 1)
    reasons = [row.reason for row in env.rows("fetches") if row.reason]
    assert "the page was not rendered in time" in reasons, reasons
    assert len(server.targets) < 20 + timeout / timedelta(milliseconds=50)


@pytest.mark.long
def test_a_page_that_lacks_something_is_not_stored(env: CrawlEnv, server: RawServer) -> None:
    server.answer_with(answers() | {"/api/views/1.json": RawAnswer((b"",), closes=True)})
    run = env.crawl_source(source(server.url))
    assert (run.new, run.failed) == (1, 1)
    (reason,) = [row.reason for row in env.rows("fetches") if row.result == "failed"]
    assert reason.startswith(f"the page cannot be rendered: {server.url}/api/views/1.json could not be loaded: ")


@pytest.mark.long
def test_a_page_that_grows_without_end_is_refused(env: CrawlEnv, server: RawServer) -> None:
    more = "document.querySelector('article').textContent = 'x'.repeat(200_000)"
    server.answer_with(answers(count=1, more=more))
    env.slow_down(max_response_size=100_000)
    run = env.crawl_source(source(server.url))
    assert run.error is not None
    assert "the body is larger than scraper.max_response_size" in run.error


GROWING = """const kept = []; while (true) { kept.push(new Uint8Array(20_000_000).fill(1));
const until = performance.now() + 50; while (performance.now() < until); }"""


@pytest.mark.long
def test_a_page_that_takes_all_memory_fails_and_the_next_one_gets_another_browser(
    env: CrawlEnv, server: RawServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browser, "MAX_MEMORY", 600_000_000)
    server.answer_with(answers(count=2) | {"/news/1": answer(f"<h1>x</h1><script>{GROWING}</script>".encode(), HTML)})
    env.slow_down(concurrency=1)
    run = env.crawl_source(source(server.url))
    (reason,) = [row.reason for row in env.rows("fetches") if row.result == "failed"]
    assert reason == "the page cannot be rendered: the browser took more than 600 MB of memory"
    assert (run.new, run.failed) == (1, 1)


@pytest.mark.long
def test_pages_of_a_browser_that_is_killed_fail_at_once(env: CrawlEnv, server: RawServer) -> None:
    late = {"/news/1": answer(b"<h1>x</h1><script>while (true);</script>", HTML)}
    server.answer_with(answers(count=2) | late)
    env.slow_down(concurrency=1, timeout=timedelta(days=1))

    def end() -> None:
        wait_until(lambda: "/news/1" in server.targets)
        time.sleep(1)  # until the script runs; a page that is not rendered yet fails, too
        for child in psutil.Process().children(recursive=True):
            if child.name().startswith("chrom"):
                with suppress(psutil.NoSuchProcess):
                    child.kill()

    with ThreadPoolExecutor() as threads:
        ending = threads.submit(end)
        run = env.crawl_source(source(server.url))
        ending.result()
    assert (run.new, run.failed) == (1, 1)
    (reason,) = [row.reason for row in env.rows("fetches") if row.result == "failed"]
    assert reason.startswith("the page cannot be rendered: ")


CONFIGURATION = """
[storage]
database = "{database}"
[scraper]
delay = "0 s"
autothrottle = false
[sources.rendered]
home = "{url}/"
language = "en"
timezone = "UTC"
render = true
channels = [{{list = "/news", card = ".card"}}]
article = '/news/\\d+'
"""


def kill(crawl: psutil.Process) -> None:
    crawl.kill()


def kill_with_driver(crawl: psutil.Process) -> None:
    os.killpg(crawl.pid, signal.SIGKILL)


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """Make a folder for temporary files in which the paths of sockets are not too long."""
    with tempfile.TemporaryDirectory(prefix="t") as folder:
        yield Path(folder)


def stop_at_once(crawl: psutil.Process) -> None:
    for _ in range(2):  # the second drops the requests under way
        crawl.terminate()


@pytest.mark.long
@pytest.mark.parametrize("end", [kill, kill_with_driver, stop_at_once])
def test_the_browser_ends_with_its_crawl(
    env: CrawlEnv,
    server: RawServer,
    end: Callable[[psutil.Process], None],
    short_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    never = {"/api/late.json": RawAnswer((b"HTTP/1.1 200 OK\r\n",))}
    server.answer_with(answers(count=1, more="fetch('/api/late.json')") | never)
    text = CONFIGURATION.format(database=env.database, url=server.url)
    (env.folder / "presswatch.toml").write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "presswatch", "crawl", "rendered"]
    environment = {**env.environment(), "TMPDIR": str(short_folder)}
    started = subprocess.Popen(
        command, cwd=env.folder, env=environment, start_new_session=True, stderr=subprocess.DEVNULL
    )
    with started as crawl:
        wait_until(lambda: "/api/late.json" in server.targets)
        children = psutil.Process(crawl.pid).children(recursive=True)
        assert any("chrom" in child.name() for child in children)
        end(psutil.Process(crawl.pid))
    wait_until(lambda: all(map(has_ended, children)))
    monkeypatch.setattr(tempfile, "tempdir", str(short_folder))
    BrowserFolder().remove()
    # Of a killed Chromium remains the folder of a socket, without its profile.
    assert {path.name.rpartition(".")[0] for path in short_folder.iterdir()} <= {"org.chromium.Chromium"}


def test_only_folders_of_browsers_that_have_ended_are_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / "other").mkdir()
    (tmp_path / f"{PREFIX}link").symlink_to(tmp_path / "other")
    (tmp_path / f"{PREFIX}killed" / "profile").mkdir(parents=True)
    first = BrowserFolder()
    second = BrowserFolder()
    with second.for_new_processes():
        assert os.environ["TMPDIR"] == str(second.path)
    assert "TMPDIR" not in os.environ or os.environ["TMPDIR"] != str(second.path)
    assert {path.name for path in tmp_path.iterdir()} == {
        "other",
        f"{PREFIX}link",
        *(first.path.name, second.path.name),
    }
    first.remove()
    second.remove()
    assert {path.name for path in tmp_path.iterdir()} == {"other", f"{PREFIX}link"}


def test_a_crawl_without_a_browser_says_what_to_do(env: CrawlEnv, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(env.folder))
    with pytest.raises(ConfigError, match=r"no Chromium is on PATH; install it, or set scraper\.browser to its path"):
        env.crawl_source(source("http://127.0.0.1:1"))
    env.slow_down(browser="/nowhere/chromium")
    with pytest.raises(ConfigError, match=r"scraper\.browser: /nowhere/chromium is not an executable file"):
        env.crawl_source(source("http://127.0.0.1:1"))
    monkeypatch.setattr(chromium, "find_spec", lambda _name: None)
    with pytest.raises(ConfigError, match=r"uv tool install '\.\[browser\]'"):
        env.crawl_source(source("http://127.0.0.1:1"))


@pytest.mark.long
def test_a_browser_that_does_not_start_fails_the_crawl_and_not_its_source(env: CrawlEnv, server: RawServer) -> None:
    server.answer_with(answers())
    env.slow_down(browser="/bin/false")
    run = env.crawl_source(source(server.url))
    assert run.status is RunStatus.FAILED
    assert run.error is not None
    assert run.error.startswith("/bin/false did not start: ")
    assert len(run.error.splitlines()) == 1
