"""The pages in a real browser: by mouse and keyboard, on a phone, in the dark, without script."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.support.chromium import chromium, has_chromium, serious_findings
from tests.support.patience import patient
from tests.support.rows import NOON, Rows, address_of, empty_database
from tests.support.showcase import recent
from tests.support.web_server import WebServer

pytestmark = [
    pytest.mark.skipif(not has_chromium(), reason="no Chromium is installed"),
    pytest.mark.xdist_group("chromium"),
]

PAGES = (
    "/",
    "/search?q=senate&since=20d",
    "/search?q=gas+AND",
    "/articles/3",
    "/sources",
    "/sources/caliber",
    "/runs",
    "/runs/27",
    "/events",
    "/inspect?url=https://caliber.example/en/post/none",
    "/coverage",
    "/absent?q=senate&since=1d",
    "/absent?q=nonsense&since=1d",
    "/compare?q=senate&q=budget&q=strait&since=12d",
    "/watches",
    "/watches/new?q=senate",
    "/notes",
    "/nowhere",
)
PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 900}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for the module."""
    with chromium() as started:
        yield started


@dataclass(slots=True)
class Reader:
    """A page of the server, and what it did that it should not: errors, requests to elsewhere, dialogs."""

    page: Page
    server: WebServer
    complaints: list[str] = field(default_factory=list)

    def go(self, path: str) -> None:
        """Open a page."""
        self.page.goto(self.server.address + path)

    def watch(self) -> None:
        """Begin to note what the page does."""
        self.page.on("console", lambda message: self.complaints.append(f"console: {message.text}"))
        self.page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        self.page.on("dialog", lambda dialog: (self.complaints.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        self.page.on("request", lambda request: self._note(request.url))

    def _note(self, url: str) -> None:
        if not url.startswith(self.server.address):
            self.complaints.append(f"request: {url}")


def _reader(context: BrowserContext, server: WebServer) -> Reader:
    context.set_default_timeout(patient(15) * 1000)
    reader = Reader(context.new_page(), server)
    reader.watch()
    return reader


@pytest.fixture
def reader(browser: Browser, server: WebServer) -> Iterator[Reader]:
    """A reader at a desk, in light colours; at the end nothing has gone wrong on any page."""
    context = browser.new_context(viewport=DESK, color_scheme="light")
    made = _reader(context, server)
    yield made
    context.close()
    assert [one for one in made.complaints if "404" not in one] == []


@pytest.mark.parametrize(
    "dark", [pytest.param(False, id="light"), pytest.param(True, id="dark", marks=pytest.mark.long)]
)
def test_every_page_is_accessible_and_fits(browser: Browser, server: WebServer, dark: bool) -> None:
    context = browser.new_context(viewport=PHONE if dark else DESK, color_scheme="dark" if dark else "light")
    reader = _reader(context, server)
    for path in PAGES:
        reader.go(path)
        for details in reader.page.locator("details").all():
            details.evaluate("one => one.open = true")
        assert serious_findings(reader.page) == [], path
        wide = reader.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{path} is {wide} px too wide"
        assert reader.page.locator("h1").count() == 1
    context.close()
    assert [one for one in reader.complaints if "404" not in one] == []


def test_a_newcomer_finds_an_edit_by_mouse(reader: Reader) -> None:
    reader.go("/")
    reader.page.get_by_role("region", name="Edited").get_by_role("link").first.click()
    versions = reader.page.get_by_role("region", name="3 versions")
    expect(versions.locator("del").first).to_be_visible()
    versions.get_by_label("Compare").select_option("1")
    versions.get_by_role("button", name="Show").click()
    expect(versions.get_by_text("Version 1 to 3")).to_be_visible()
    reader.page.get_by_text("readings, as a table").click()
    expect(reader.page.get_by_role("row").filter(has_text="Gained")).to_be_visible()


def test_a_search_by_mouse_is_narrowed_and_shared(reader: Reader) -> None:
    reader.go("/")
    reader.page.get_by_role("searchbox").fill("senate")
    reader.page.get_by_role("button", name="Search").click()
    expect(reader.page.locator("mark").first).to_have_text("senate", ignore_case=True)
    reader.page.get_by_role("complementary").get_by_role("link", name="strait").click()
    assert reader.page.url.endswith("/search?q=senate&source=strait")
    reader.page.get_by_role("link", name="most viewed").click()
    assert "sort=views" in reader.page.url
    reader.page.get_by_text("Filters").click() if not reader.page.get_by_label("Section").is_visible() else None
    reader.page.get_by_label("or days ago").fill("3")
    expect(reader.page.locator("#days-shown")).to_contain_text("3: 20")
    reader.page.get_by_role("button", name="Search").last.click()
    expect(reader.page.get_by_text("As it was known at").last).to_be_visible()
    assert "as_of=" in reader.page.url


def test_everything_is_reached_by_keyboard(reader: Reader) -> None:
    reader.go("/")
    keys = reader.page.keyboard
    keys.press("Tab")
    focused = reader.page.locator(":focus")
    expect(focused).to_have_text("Skip to content")
    assert focused.bounding_box()["y"] >= 0  # type: ignore[index]
    keys.press("Enter")
    keys.press("Tab")
    expect(focused).to_have_attribute("href", "/sources")
    assert focused.evaluate("one => getComputedStyle(one).outlineStyle") == "solid"
    reader.go("/")
    for _ in range(3):
        keys.press("Tab")
    keys.type("senate")
    keys.press("Enter")
    reader.page.wait_for_url("**/search?q=senate")
    expect(reader.page.locator(".entries > li").first).to_be_visible()


def test_it_is_whole_without_script(browser: Browser, server: WebServer) -> None:
    context = browser.new_context(viewport=PHONE, java_script_enabled=False)
    reader = _reader(context, server)
    reader.go("/search?q=senate")
    reader.page.get_by_text("Filters").click()
    reader.page.get_by_label("Published since").fill("5d")
    reader.page.get_by_label("Source").select_option("strait")
    reader.page.get_by_role("button", name="Search").last.click()
    assert reader.page.url.endswith("/search?q=senate&since=5d&source=strait")
    reader.page.locator(".entries a").first.click()
    expect(reader.page.get_by_role("img", name="Views of")).to_be_visible()
    context.close()
    assert reader.complaints == []


@pytest.fixture
def own(browser: Browser, tmp_path: Path) -> Iterator[Reader]:
    """A reader of a server of one test, who may change something."""
    (tmp_path / "news.db").write_bytes(empty_database())
    rows = Rows(address_of(tmp_path))
    rows.article("gas-corridor", published_at=recent())
    rows.store.close()
    with WebServer(tmp_path, address_of(tmp_path)) as server:
        context = browser.new_context(viewport=DESK)
        made = _reader(context, server)
        yield made
        context.close()
    assert [one for one in made.complaints if "400" not in one] == []


def test_notes_and_tags_are_kept_listed_and_taken_off(own: Reader) -> None:
    own.go("/articles/1")
    own.page.get_by_label("A note of your own").fill("Compare with <b>the decree</b>.\n\nTwice.")
    own.page.get_by_role("button", name="Keep the note").click()
    expect(own.page.get_by_text("Compare with <b>the decree</b>.")).to_be_visible()
    own.page.get_by_label("A tag", exact=True).fill("To Check")
    own.page.keyboard.press("Enter")
    own.page.get_by_role("link", name="to check").click()
    expect(own.page.get_by_role("row").filter(has_text="Twice.")).to_be_visible()
    assert serious_findings(own.page) == []
    rows = own.page.request.get(f"{own.server.address}/notes.json").json()
    assert (rows[0]["kind"], rows[0]["text"]) == ("tag", "to check")
    own.go("/articles/1")
    assert serious_findings(own.page) == []
    own.page.get_by_role("button", name="Take the tag to check off").click()
    own.page.get_by_role("button", name="Delete the note").click()
    expect(own.page.get_by_text("Twice.")).to_have_count(0)
    own.go("/notes")
    expect(own.page.get_by_text("There are none.")).to_be_visible()


def test_a_search_becomes_a_watch_and_goes_again(own: Reader) -> None:
    own.go("/search?q=gas")
    own.page.get_by_role("link", name="Save as watch").click()
    expect(own.page.get_by_text("1 article in 30 days")).to_be_visible()
    own.page.get_by_label("Name").fill("gas")
    own.page.get_by_label("Notify").fill("nonsense")
    own.page.get_by_role("button", name="Save the watch").click()
    expect(own.page.get_by_role("alert")).to_contain_text("notify: ***")
    own.page.get_by_label("Notify").fill("json://user:hunter2@hook.example/path")
    own.page.get_by_role("button", name="Save the watch").click()
    row = own.page.get_by_role("row").filter(has_text="immediately")
    expect(row).to_contain_text("hook.example")
    assert "hunter2" not in own.page.content()
    assert "hunter2" not in own.server.log
    row.get_by_text("Remove").first.click()
    row.get_by_role("button", name="Remove gas").click()
    expect(own.page.get_by_text("There are none yet.")).to_be_visible()


def test_queries_side_by_side(reader: Reader) -> None:
    reader.go("/search?q=senate")
    reader.page.get_by_role("link", name="Compare over time").click()
    reader.page.get_by_label("Query 2").fill("strait")
    reader.page.get_by_label("A point for each").select_option("week")
    reader.page.get_by_role("button", name="Compare").click()
    expect(reader.page.get_by_role("img", name="Articles that match, by week")).to_be_visible()
    reader.page.get_by_text("As a table").click()
    expect(reader.page.get_by_role("columnheader", name="strait")).to_be_visible()


HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(2)><svg onload=alert(3)>",
    '" onmouseover="alert(4)" x="\'><b>',
    "{{ 7*7 }} {% raw %} </title></script><!-- \u202egnitirw \x1b[31m\0",
    "</time></a><iframe src=https://elsewhere.example></iframe><style>*{display:none}</style>",
)


def test_hostile_articles_do_nothing(browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "news.db").write_bytes(empty_database())
    rows = Rows(address_of(tmp_path))
    rows.source('x"><script>alert(0)</script>', title=HOSTILE[1], terms=HOSTILE[4])
    for number, text in enumerate(HOSTILE):
        texts = dict.fromkeys(
            ("title", "subtitle", "author", "section", "description", "published_raw"), f"{text} word"
        )
        article = rows.article(
            f"one-{number}",
            url=f"javascript:alert({number})//" if number == 2 else f"https://x.example/{number}?<script>",
            body=f"{text} word\n\n{text} word",
            language=text[:8],
            source="caliber" if number % 2 else 'x"><script>alert(0)</script>',
            authors=(text,),
            sections=(text,),
            image_url="https://elsewhere.example/pixel.png",
            **texts,
        )
        rows.revision(article, 1, title=f"{text} older", body=f"{text} older", author=text)
        rows.readings(article, 1, 2)
    rows.store.events.add(
        source="caliber", kind="edited", subject="javascript:alert(9)", details={"sentence": HOSTILE[0]}, now=NOON
    )
    rows.run(error=HOSTILE[1], stderr_tail=HOSTILE[4])
    rows.store.close()
    with WebServer(tmp_path, address_of(tmp_path)) as server:
        context = browser.new_context(viewport=DESK)
        reader = _reader(context, server)
        source = "/sources/x%22%3E%3Cscript%3Ealert%280%29%3C%2Fscript%3E"
        paths = ("/", "/search?q=word", "/search?q=%3Cscript%3Ealert(5)%3C%2Fscript%3E&section=%22%3E%3Cscript%3E")
        pages = [*paths, *(f"/articles/{n}" for n in range(1, 6)), "/events", "/runs", "/runs/1", "/sources", source]
        for path in pages:
            shown = reader.page.goto(server.address + path)
            assert shown is not None
            assert shown.status < 500, f"{path}: {server.log}"
            assert reader.page.locator("iframe, main script, main style, main img").count() == 0, path
            assert reader.page.locator("a[href^='javascript' i]").count() == 0, path
            assert "\u202e" not in reader.page.content()
            assert reader.page.locator("footer.site").is_visible()
            reader.page.mouse.move(300, 300)
        context.close()
    assert [one for one in reader.complaints if "404" not in one and "400" not in one] == []
