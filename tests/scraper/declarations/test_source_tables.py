"""Declarations of sources in TOML: what a table becomes, and the one line that an invalid one gets."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import pytest

from scraper.declarations.source_text import source_as_toml
from scraper.parsing.source_urls import SourceUrls
from scraper.source import Feed, Identity, JsonItems, JsonList, JsonViews, ListingPage, Paging, Sitemap, TeaserSelectors
from scraper.sources import Sources, get_source, load_crawl_config, load_sources
from storage.config.config_file import load_config
from storage.config.source_files import stamp_of_folder
from storage.model.errors import ConfigError
from tests.support.example_sources import example_sources

REQUIRED = """
home = "https://news.example.net"
language = "uk"
timezone = "Europe/Kyiv"
"""
FEED = '[[channels]]\nfeed = "/rss.xml"\n'


def sources_of(folder: Path, toml: str = "", **files: str) -> Sources:
    """Load the sources of a folder with a configuration file and files in sources.d."""
    (folder / "presswatch.toml").write_text(toml, encoding="utf-8")
    (folder / "sources.d").mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / "sources.d" / f"{name}.toml").write_text(text, encoding="utf-8")
    return load_sources(load_crawl_config(str(folder / "presswatch.toml")))


def test_home_language_zone_and_a_channel_are_enough(tmp_path: Path) -> None:
    source = sources_of(tmp_path, news=REQUIRED + FEED).named("news")
    assert (source.name, source.title, source.base_url) == ("news", "news", "https://news.example.net")
    assert (source.default_language, source.timezone) == ("uk", "Europe/Kyiv")
    assert source.channels == (Feed(path="/rss.xml"),)
    assert (source.sections, source.languages, source.terms) == ((), (), "")


def test_every_key_of_a_declaration_counts(tmp_path: Path) -> None:
    source = sources_of(
        tmp_path,
        zaxid=f"""{REQUIRED}
title = "ZAXID.NET"
terms = "Quote with a link"
user_agent = "Desk/1.0"
article = '/(?:(?P<language>rus|eng)/)?[\\w-]+_n(?P<id>\\d+)'
languages = {{ rus = "ru", eng = "EN" }}
identity = "id"
exclude = ['/sport/']
per_day = 40
render = true
interval = "10 min"
sections.politics = ["polityka", "Політика"]

[[channels]]
sitemap = "/news-sitemap.xml"

[[channels]]
list = "/news/"
language = "uk"
card = "div.news-list li"
link = "a"
date = "time@datetime"
section = ".cat"
next = {{ query = "page", from = 2, most = 5 }}

[[channels]]
list = "/all/?sort=new"
next = {{ query = "p", from = 1 }}

[[channels]]
list = "/more/"
next = {{ json = "/api?p={{page}}", items = "items[*]", url = "link" }}

[[channels]]
list = "/old/"
next = {{ link = "a.next" }}

[[channels]]
json = "/latest?p={{page}}"
items = "data[*]"
url = "url"
title = "name"
date = "at"
most = 3
""",
    ).named("zaxid")
    assert (source.title, source.terms, source.user_agent, source.render) == (
        *("ZAXID.NET", "Quote with a link", "Desk/1.0"),
        True,
    )
    assert (source.identity, source.per_day) == (Identity.ID, 40)
    assert source.section_names == {"politics": frozenset({"politics", "polityka", "політика"})}
    assert source.sections == ("politics",)
    assert source.channels == (
        Sitemap(path="/news-sitemap.xml"),
        ListingPage(
            path="/news/",
            language="uk",
            teasers=TeaserSelectors(card="div.news-list li", link="a", published="time@datetime", section_label=".cat"),
            paging=Paging(suffix="?page={page}", first=2, most=5),
        ),
        ListingPage(path="/all/?sort=new", paging=Paging(suffix="&p={page}", first=1)),
        ListingPage(path="/more/", paging=Paging(json="/api?p={page}", items=JsonItems(items="items[*]", url="link"))),
        ListingPage(path="/old/", paging=Paging(link="a.next")),
        JsonList(
            path="/latest?p={page}", items=JsonItems(items="data[*]", url="url", title="name", published="at"), most=3
        ),
    )
    urls = SourceUrls(source)
    assert urls.article_url("/sport/a-match_n12") is None
    assert urls.language("https://news.example.net/rus/a-vote_n12") == "ru"
    assert urls.language("https://news.example.net/eng/a-vote_n12") == "en"
    assert urls.language("https://news.example.net/a-vote_n12") == "uk"


def test_a_declaration_can_be_written_and_read_again(tmp_path: Path) -> None:
    bundled = get_source("caliber")
    text = source_as_toml(bundled)
    again = sources_of(tmp_path, caliber=text).named("caliber")
    assert source_as_toml(replace(again, languages=bundled.languages)) == text
    assert load_config(tmp_path / "presswatch.toml").source("caliber").languages == bundled.languages
    channels = tuple(
        replace(channel, teasers=bundled.teasers) if isinstance(channel, ListingPage) else channel
        for channel in bundled.channels
    )
    assert again == replace(bundled, channels=channels, teasers=None, languages=())
    for name, source in example_sources().items():
        assert sources_of(tmp_path, **{name: source_as_toml(source)}).named(name) == source


def test_settings_and_declaration_stand_in_one_table(tmp_path: Path) -> None:
    table = """
[sources.zaxid]
home = "https://zaxid.net"
language = "uk"
timezone = "Europe/Kyiv"
base_url = "http://127.0.0.1:8099"
sections = ["politics"]
languages = ["uk"]
cron = "*/10 6-23 * * *"
channels = [{ feed = "/rss" }]
"""
    (tmp_path / "presswatch.toml").write_text(table, encoding="utf-8")
    config = load_crawl_config(str(tmp_path / "presswatch.toml"))
    source, settings = load_sources(config).named("zaxid"), config.source("zaxid")
    assert (source.timezone, source.channels, source.sections) == ("Europe/Kyiv", (Feed(path="/rss"),), ())
    assert (settings.sections, settings.languages, settings.channels) == (("politics",), ("uk",), None)
    assert (settings.base_url, settings.cron) == ("http://127.0.0.1:8099", "*/10 6-23 * * *")


def test_the_configuration_file_has_the_last_word_about_settings_of_a_file_in_the_folder(tmp_path: Path) -> None:
    own = REQUIRED + 'interval = "5 min"\nsections = ["politics"]\n' + FEED
    sources_of(tmp_path, '[sources.news]\ninterval = "1 h"\n', news=own)
    config = load_config(tmp_path / "presswatch.toml")
    assert config.source("news").interval is not None
    assert str(config.source("news").interval) == "1:00:00"
    assert config.source("news").sections == ("politics",)
    assert config.origins["sources.news.interval"].source == str(tmp_path / "presswatch.toml")
    assert config.origins["sources.news.sections"].source == str(tmp_path / "sources.d" / "news.toml")


WITH_ID = REQUIRED + "article = '/n(?P<id>\\d+)'\n" + FEED + "[page]\n"


@pytest.mark.parametrize(
    ("written", "views"),
    [
        ('{ json = "/api/{id}", path = "data.views" }', JsonViews(address="/api/{id}", path="data.views")),
        (
            '{ json = "https://www.news.example.net/c?u={url}" }',
            JsonViews(address="https://www.news.example.net/c?u={url}"),
        ),
    ],
)
def test_view_counts_in_json_are_declared_and_written_back(written: str, views: JsonViews, tmp_path: Path) -> None:
    source = sources_of(tmp_path, news=f"{WITH_ID}title = 'h1'\nviews = {written}\n").named("news")
    assert (source.views, source.page.views, source.page.title) == (views, (), ("h1",))
    again = source_as_toml(source)
    assert f"views = {written}" in again
    assert sources_of(tmp_path, news=again).named("news") == source
    assert sources_of(tmp_path, news=f'{WITH_ID}views = {{ select = ".v" }}\n').named("news").page.views == (".v",)


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        (FEED, "news.toml: home is missing; write home = "),
        (REQUIRED, 'news.toml: channels is missing; write [[channels]] and feed = "/rss.xml" below'),
        (REQUIRED + 'titel = "x"\n' + FEED, "news.toml: unknown key titel (did you mean title?); known here: home, "),
        (REQUIRED.replace("Kyiv", "Nowhere") + FEED, "news.toml: timezone: must be the name of a time zone"),
        (REQUIRED.replace("net", "net/ua") + FEED, "news.toml: home: must be scheme and host only"),
        (REQUIRED.replace('"uk"', '"Ukrainian"') + FEED, "news.toml: language: must be a language code"),
        (REQUIRED + "article = '/[a-z'\n" + FEED, "news.toml: article: must be a regular expression"),
        (REQUIRED + "article = '/(?P<number>a)'\n" + FEED, "news.toml: article: has a group 'number'"),
        (REQUIRED + "exclude = ['*']\n" + FEED, "news.toml: exclude: must be a regular expression"),
        (REQUIRED + 'identity = "id"\n' + FEED, "news.toml: identity: "),
        (REQUIRED + 'identity = "guid"\n' + FEED, "news.toml: identity: must be one of path, id"),
        (REQUIRED + 'languages = { rus = "ru" }\n' + FEED, "news.toml: languages: needs article with a group"),
        (REQUIRED + "sections.politics = 5\n" + FEED, "news.toml: sections.politics: must be text in quotation marks"),
        (REQUIRED + 'render = "yes"\n' + FEED, "news.toml: render: must be true or false"),
        (REQUIRED + 'interval = "often"\n' + FEED, "news.toml: interval = 'often': must be a duration"),
        (REQUIRED + FEED + 'paging = "?p={page}"\n', "news.toml: unknown key channels[1].paging; known here: feed, "),
        (REQUIRED + FEED + '[[channels]]\nrss = "/x"\n', "channels[2]: must have one of feed, sitemap, list, json"),
        (REQUIRED + FEED + 'list = "/x"\n', "channels[1]: must have one of feed, sitemap, list, json; it has feed and"),
        (REQUIRED + '[[channels]]\nfeed = "ftp://other.example/rss"\n', "channels[1]: channel 'ftp://other"),
        (REQUIRED + '[[channels]]\nlist = "/x"\ndate = "time"\n', "channels[1].date: needs card"),
        (REQUIRED + '[[channels]]\nlist = "/x"\nnext = {}\n', "channels[1].next: must have one of query, path, link"),
        (REQUIRED + '[[channels]]\nlist = "/x"\nnext = { query = "p", most = 0 }\n', "channels[1].next.most: must be"),
        (REQUIRED + '[[channels]]\njson = "/x"\nurl = "u"\n', "channels[1].items is missing"),
        (REQUIRED + '[[channels]]\njson = "/x"\nurl = "u"\nitems = "a["\n', "channels[1].items: must be a path"),
        (WITH_ID + "views = {}", "news.toml: page.views.json is missing; write json = "),
        (WITH_ID + 'views = { json = "/api" }', "news.toml: page.views.json: must have one of {id}, {path}, {url}"),
        (WITH_ID + 'views = { json = "/{slug}" }', "page.views.json: has {slug}; known here: {id}, {path}, {url}"),
        (WITH_ID + 'views = { json = "/{id}", path = "a[" }', "news.toml: page.views.path: must be a path in the"),
        (
            WITH_ID + 'views = { json = "/{id}", find = "a" }',
            "news.toml: unknown key page.views.find; known here: json",
        ),
        (WITH_ID + 'views = { json = "/{id}", select = "a" }', "news.toml: page.views: must be a selector"),
        (WITH_ID + 'views = { json = "ftp://api.test/{id}" }', "page.views.json: must be a path or an http(s) address"),
        (REQUIRED + FEED + '[page]\nviews = { json = "/{id}" }', "page.views.json: {id} needs article with a group"),
        ("home = ", "news.toml cannot be read"),
        ('name = "no name"\n' + REQUIRED + FEED, "'no name' cannot be the name of a source"),
    ],
)
def test_an_invalid_declaration_says_where_and_stops_no_other(toml: str, said: str, tmp_path: Path) -> None:
    sources = sources_of(tmp_path, good=REQUIRED + FEED, news=toml)
    [problem] = sources.problems.values()
    assert said in problem
    assert str(tmp_path / "sources.d" / "news.toml") in problem
    assert {"caliber", "good"} == set(sources)
    with pytest.raises(ConfigError, match=r"news\.toml"):
        sources.named(next(iter(sources.problems)))


DEEP = ".".join(["a"] * 900)


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        (f"x = {'[' * 5_000}{']' * 5_000}", "nested too deep"),
        (f"x = {'{a=' * 5_000}1{'}' * 5_000}", "nested too deep"),
        (f"per_day = {'9' * 5_000}", "integer string conversion"),
        (f"per_day = {'9' * 4_000}", "per_day: must be a positive number"),
        (f"article.{DEEP} = 1", "article: must be text"),
        (f"sections.x.{DEEP} = 1", "sections.x: must be text"),
        (f"render = '{'x' * 100_000}'", "render: must be true or false"),
        (f"{'x' * 100_000} = 1", "unknown key xxx"),
        ('"a\\u001b[31m\\nb" = 1', r"unknown key 'a\x1b[31m\nb'"),
        ('languages = {"a\\nb" = 1}\narticle = "/(?P<language>a)"', r"languages.'a\nb': must be text"),
    ],
)
def test_nesting_length_and_characters_of_a_file_are_no_trouble_of_others(toml: str, said: str, tmp_path: Path) -> None:
    found = sources_of(tmp_path, good=REQUIRED + FEED, news=f"{REQUIRED}{toml}\n{FEED}")
    assert "good" in found
    problem = found.problems["news"]
    assert said in problem
    assert "\n" not in problem
    assert len(problem) < len(str(tmp_path)) + 1_000


@pytest.mark.parametrize(
    "toml", [f"x = {'[' * 5_000}{']' * 5_000}", f"x = {'9' * 5_000}", f"[scraper]\ncontact.{DEEP} = 1"]
)
def test_nesting_and_numbers_of_the_configuration_file_are_one_line(toml: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        sources_of(tmp_path, toml)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < len(str(tmp_path)) + 1_000


LINK = "link to "


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("x.toml", None, "cannot be read: it is not a regular file"),
        ("x.toml", b"#" * 1_000_001, "cannot be read: it has more than 1,000,000 bytes"),
        ("x.toml", b"\xff", "cannot be read: 'utf-8' codec"),
        ("x.toml", LINK + "/dev/zero", "cannot be read: it is not a regular file"),
        ("x.toml", LINK + "x.toml", "cannot be read: [Errno"),
        ("x.toml", LINK + "nothing", "cannot be read: [Errno"),
        ("a b\n# x.toml", b"", "cannot be the name of a source"),
        ("\udcff.toml", b"", "udcff"),
        ("x.toml", f'name = "{"x" * 100_000}"'.encode(), "cannot be the name of a source"),
        ("x.toml", b'name = "a\\u001b[31mb\\nc"', "cannot be the name of a source"),
    ],
    ids=["folder", "large", "bytes", "endless", "loop", "dangling", "line feed", "no UTF-8", "long name", "controls"],
)
def test_a_file_that_cannot_be_used_is_a_problem_of_its_own_alone_also_in_a_crawl_of_the_daemon(
    name: str, content: bytes | str | None, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources_of(tmp_path, "[sources.good]\ninterval = '1 h'\n", good=REQUIRED + FEED)
    file = tmp_path / "sources.d" / name
    if content is None:
        file.mkdir()
    elif isinstance(content, str):
        file.symlink_to(content.removeprefix(LINK))
    else:
        file.write_bytes(content)
    stamp_of_folder(tmp_path / "presswatch.toml")
    config = load_crawl_config(str(tmp_path / "presswatch.toml"))
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=BytesIO(config.toml.encode())))
    for found in (load_sources(config), load_sources(load_crawl_config("-"))):
        assert "good" in found
        [(key, problem)] = found.problems.items()
        assert said in problem
        assert len(key) < 120
        assert (key + problem).isprintable()


def test_no_text_in_a_declaration_passes_for_another_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mark = '# presswatch: file sources.d/good.toml\n# presswatch: files [0, {"sources.d/good.toml": 0}]\n'
    sources_of(tmp_path, mark, good=REQUIRED + FEED, bad=f'{mark}title = """\n{mark}"""{REQUIRED}{FEED}')
    config = load_crawl_config(str(tmp_path / "presswatch.toml"))
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=BytesIO(config.toml.encode())))
    assert load_sources(load_crawl_config("-")) == load_sources(config)


@pytest.mark.parametrize("kind", ["file", "loop", "dangling"])
def test_a_folder_that_cannot_be_listed_is_not_an_empty_one(kind: str, tmp_path: Path) -> None:
    folder = tmp_path / "sources.d"
    if kind == "file":
        folder.touch()
    else:
        folder.symlink_to("sources.d" if kind == "loop" else "nothing")
    (tmp_path / "presswatch.toml").touch()
    stamp_of_folder(tmp_path / "presswatch.toml")
    with pytest.raises(ConfigError, match=r"sources\.d cannot be read: .*it is the folder of the declared sources"):
        load_config(tmp_path / "presswatch.toml")


def test_locks_of_editors_are_no_declarations(tmp_path: Path) -> None:
    sources_of(tmp_path, good=REQUIRED + FEED)
    (tmp_path / "sources.d" / ".#good.toml").symlink_to("desk@host.1234")
    assert sources_of(tmp_path).problems == {}


def test_an_invalid_table_of_the_file_is_a_problem_of_its_source_alone(tmp_path: Path) -> None:
    table = '[sources.a]\nhome = "https://a.example"\nlanguage = "en"\n'
    sources = sources_of(tmp_path, table)
    assert sources.problems["a"].startswith(f"{tmp_path}/presswatch.toml: sources.a.timezone is missing")
    assert "caliber" in sources


def test_a_source_that_is_declared_twice_is_not_guessed(tmp_path: Path) -> None:
    sources = sources_of(tmp_path, a=REQUIRED + FEED, b='name = "a"\n' + REQUIRED + FEED)
    assert "both declare a; remove one of them" in sources.problems["a"]
    assert "a" not in sources


def test_settings_of_an_unknown_source_are_refused_with_the_way_to_declare_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="a table with home, language, timezone and channels declares a source"):
        sources_of(tmp_path, '[sources.nosuch]\ninterval = "1 h"\n')


@pytest.mark.parametrize(
    ("path", "listed", "looks"),
    [
        ("/2026/11/a-vote-in-the-house/", True, True),
        ("/news/123456", True, True),
        ("/politics/vote.html", True, True),
        ("/2026/11/29/budget/", True, True),
        ("/budget", True, False),
        ("/2026/11/", True, False),
        ("/", False, False),
        ("/tag/a-long-tag-name", False, False),
        ("/en/category/politics", False, False),
        ("/wp-content/uploads/a-b-c-d.jpg", False, False),
        ("/files/report-2026-11.pdf", False, False),
        ("/about", False, False),
    ],
)
def test_without_a_pattern_a_feed_is_believed_and_other_lists_are_not(
    path: str, listed: bool, looks: bool, tmp_path: Path
) -> None:
    urls = SourceUrls(sources_of(tmp_path, news=REQUIRED + FEED).named("news"))
    found = urls.article_url(path)
    assert (found is not None) == listed
    assert (found is not None and urls.looks_like_article(found)) == looks
