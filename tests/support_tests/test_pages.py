"""Article pages, lists and the rest of the honest site."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.support.site import Article, Paging, Part, Site, bad_bytes, blocks
from tests.support_tests.client import Reply, get

AT = datetime(2025, 1, 16, 13, 36, tzinfo=UTC)
VOTE = Article(slug="a-vote", title="A vote", body=("The house voted.",), published_at=AT, views=127)


def article_paths(reply: Reply) -> list[str]:
    """The articles a page's cards link to, each once, in order."""
    links = [str(link) for link in reply.tree.xpath("//div[@class='float_block']/a[.//h2]/@href")]
    return [link.partition("/post/")[2] for link in links]


def several(count: int, section: str = "politics") -> list[Article]:
    """Articles of one section, the newest first, a minute apart."""
    return [
        replace(VOTE, slug=f"{section}-{n}", sections=(section,), published_at=AT - timedelta(minutes=n))
        for n in range(count)
    ]


class TestArticlePage:
    def test_english(self, site: Site) -> None:
        site.publish(replace(VOTE, subtitle="By night"))
        page = get(site, "/en/post/a-vote")
        assert page.status == 200
        assert page.words("post_categoty") == ["POLITICS"]
        assert page.words("post_title") == ["A voteBy night"]
        assert page.words("post_time") == ["16 January 2025 17:36"]
        assert page.words("post_body") == ["The house voted."]
        assert page.words("post_signature") == ["Caliber.Az"]
        assert page.words("post_hits") == ["Views: 127"]

    def test_russian(self, site: Site) -> None:
        at = datetime(2026, 6, 25, 13, 24, tzinfo=UTC)
        site.publish(replace(VOTE, title="Голосование", language="ru", sections=("mir",), published_at=at, views=179))
        page = get(site, "/post/a-vote")
        assert page.words("post_categoty") == ["МИР"]
        assert page.words("post_time") == ["25 Июня 2026 17:24"]
        assert page.words("post_hits") == ["Просмотров: 179"]
        assert get(site, "/en/post/a-vote").status == 404

    def test_parts_come_in_the_order_of_the_site(self, site: Site) -> None:
        site.publish_many([VOTE, *several(1, "world")])
        text = get(site, VOTE.path).text
        marks = ["night_theme", "post_cover", "post_categoty", "A+", "post_title", "post_time", "post_body"]
        marks += ["post_signature", "post_hits", "share-line", "float_block", "Any use of materials"]
        assert sorted(marks, key=text.index) == marks

    def test_body_blocks(self, site: Site) -> None:
        body = (
            "A & B",
            blocks.heading("HEAD"),
            blocks.quote("One", "Two"),
            blocks.numbered("First", "Second"),
            blocks.bullets("Dot"),
            blocks.banner("Buy"),
            blocks.script("var x = 1 < 2;"),
            blocks.frame("https://video.example/1"),
            blocks.ad(),
            blocks.picture("/media/a.webp"),
            blocks.picture("/media/b.webp", lazy=True),
            blocks.zoom(),
            blocks.raw("<p onclick='x()'>raw</p>"),
        )
        site.publish(replace(VOTE, body=body))
        [inside] = get(site, VOTE.path).tree.find_class("post_body")
        tags = [child.tag for child in inside]
        assert tags == ["p", "h3", "blockquote", "ol", "ul", "div", "script", "iframe", "ins", "img", "img", "img", "p"]
        assert inside.xpath("string(p[1])") == "A & B"
        assert inside.xpath("blockquote/p/text()") == ["One", "Two"]
        assert inside.xpath("ol/li/text()") == ["First", "Second"]
        assert inside.xpath("div[@class='banner']/p/text()") == ["Buy"]
        assert inside.xpath("img[2]/@data-src") == [f"{site.url}/media/b.webp"]
        assert inside.xpath("img[3]/@src") == [f"{site.url}/templates/Default/api/zoom.png"]

    def test_boxes_show_other_sections_only(self, site: Site) -> None:
        site.publish_many([VOTE, *several(3, "world"), *several(2, "politics")])
        assert article_paths(get(site, VOTE.path)) == ["world-0", "world-1", "world-2"]

    def test_two_sections(self, site: Site) -> None:
        site.publish(replace(VOTE, sections=("politics", "world")))
        assert get(site, VOTE.path).words("post_categoty") == ["POLITICS", "WORLD"]

    @pytest.mark.parametrize(
        ("tag", "words"), [("span", "A voteBy night"), ("", "A vote By night"), ("br", "A voteBy night")]
    )
    def test_subtitle(self, site: Site, tag: str, words: str) -> None:
        site.publish(replace(VOTE, subtitle="By night", subtitle_tag=tag))
        page = get(site, VOTE.path)
        assert page.words("post_title") == [words]
        assert [child.tag for child in page.tree.find_class("post_title")[0]] == ([tag] if tag else [])

    def test_configured_words(self, site: Site) -> None:
        site.publish(replace(VOTE, date_text="2 նոյեմբեր", views_text="Views: 1.2K", section_text="Politics "))
        page = get(site, VOTE.path)
        assert page.words("post_time") == ["2 նոյեմբեր"]
        assert page.words("post_hits") == ["Views: 1.2K"]
        assert page.words("post_categoty") == ["Politics "]

    def test_elements_left_out(self, site: Site) -> None:
        site.publish(replace(VOTE, date_text="", views_text="", section_text=""))
        page = get(site, VOTE.path)
        assert [page.words(name) for name in ("post_time", "post_hits", "post_categoty")] == [[], [], []]

    def test_parts_replaced(self, site: Site) -> None:
        site.publish(replace(VOTE, parts={Part.TITLE: "<h1>None</h1>", Part.META: ""}))
        page = get(site, VOTE.path)
        assert page.words("post_title") == []
        assert page.tree.xpath("//meta[@property='og:title']") == []

    def test_bytes_and_headers(self, site: Site) -> None:
        site.publish(replace(VOTE, page=b"\x00\xff", page_headers={"Content-Type": "text/plain"}))
        page = get(site, VOTE.path)
        assert (page.body, page.headers["content-type"]) == (b"\x00\xff", "text/plain")

    def test_hostile_words_arrive_as_they_are(self, site: Site) -> None:
        title = "A\x00B\u202e\x1b[31m\ud800 <script>"
        site.publish(replace(VOTE, title=title))
        assert b"A\x00B\xe2\x80\xae\x1b[31m\xed\xa0\x80 &lt;script&gt;</h1>" in get(site, VOTE.path).body

    def test_cover(self, site: Site) -> None:
        site.publish_many([VOTE, replace(VOTE, slug="bare", image=None, image_quotes=False)])
        assert "background-image:url('" in get(site, VOTE.path).text
        bare = get(site, "/en/post/bare").text
        assert f"background-image:url({site.url}/media/photos/normal/standart.jpeg)" in bare

    def test_query_and_slash_change_nothing(self, site: Site) -> None:
        site.publish(VOTE)
        assert get(site, "/en/post/a-vote/?utm_source=x").body == get(site, VOTE.path).body

    def test_weight(self, site: Site) -> None:
        site.publish(VOTE)
        full = len(get(site, VOTE.path).body)
        site.page_style(weight=0)
        slim = len(get(site, VOTE.path).body)
        assert 14_000 < full <= 15_000
        assert slim < 4_500

    def test_compression(self, site: Site) -> None:
        site.publish(VOTE)
        site.page_style(compress=True, weight=60_000)
        zipped = get(site, VOTE.path, {"Accept-Encoding": "gzip, deflate"})
        assert zipped.headers["content-encoding"] == "gzip"
        assert zipped.body[:2] == b"\x1f\x8b"
        assert "content-encoding" not in get(site, VOTE.path).headers


class TestLists:
    def test_a_card(self, site: Site) -> None:
        site.publish(VOTE)
        [card] = get(site, "/en/category/politics").tree.find_class("float_block")
        address = f"{site.url}/en/post/a-vote"
        assert card.xpath("a/@href") == [address, address]
        assert card.xpath("a[1]/div[@class='float_block_image_block']/div/@class") == ["float_block_image"]
        assert card.xpath("a[2]/h2[@class='float_block_title']/text()") == ["A vote"]
        [bottom] = card.find_class("float_block_bottom")
        assert bottom.xpath("a/@href") == [f"{site.url}/en/category/politics"]
        assert bottom.xpath("a/div[@class='float_block_category']/text()") == ["POLITICS"]
        assert bottom.xpath("div[@class='float_block_time']/text()") == ["16 January 2025 17:36"]

    def test_newest_first_of_one_section_and_language(self, site: Site) -> None:
        russian = replace(VOTE, slug="ru", language="ru")
        site.publish_many([*reversed(several(3)), *several(2, "world"), russian])
        assert article_paths(get(site, "/en/category/politics")) == ["politics-0", "politics-1", "politics-2"]
        assert article_paths(get(site, "/category/politics")) == ["ru"]

    def test_of_one_minute_the_last_published_is_first(self, site: Site) -> None:
        site.publish_many([VOTE, replace(VOTE, slug="second")])
        assert article_paths(get(site, "/en/category/politics")) == ["second", "a-vote"]

    def test_front_page_mixes(self, site: Site) -> None:
        site.publish_many([*several(1), replace(VOTE, slug="ru", language="ru", sections=("mir",))])
        assert article_paths(get(site, "/")) == ["ru", "politics-0"]

    def test_pages(self, site: Site) -> None:
        site.publish_many(several(50))
        counts = [len(article_paths(get(site, f"/en/category/politics?page={n}"))) for n in (1, 2, 3, 4)]
        assert counts == [24, 24, 2, 0]

    def test_pages_that_repeat(self, site: Site) -> None:
        site.publish_many(several(5))
        site.list_style(per_screen=2, paging=Paging.REPEAT)
        pages = {get(site, f"/en/category/politics?page={n}").body for n in (1, 2, 77)}
        assert len(pages) == 1

    def test_pages_switched_off(self, site: Site) -> None:
        site.publish_many(several(5))
        site.list_style(per_screen=2, paging=Paging.OFF)
        assert [get(site, f"/en/category/politics?page={n}").status for n in (1, 2)] == [200, 404]

    def test_pages_configured_to_end(self, site: Site) -> None:
        site.publish_many(several(9))
        site.list_style(per_screen=2, last_page=2, end_status=404)
        replies = [get(site, f"/en/category/politics?page={n}") for n in (1, 2, 3)]
        assert [reply.status for reply in replies] == [200, 200, 404]

    def test_without_cards_dates_or_hosts(self, site: Site) -> None:
        site.publish(VOTE)
        site.list_style(dates=False, relative_links=True)
        page = get(site, "/en/category/politics")
        assert page.words("float_block_time") == []
        assert page.tree.xpath("//h2/../@href") == ["/en/post/a-vote"]
        site.list_style(cards=False)
        assert get(site, "/en/category/politics").tree.find_class("float_block") == []

    def test_a_card_without_link(self, site: Site) -> None:
        site.publish(replace(VOTE, card_link=False))
        [card] = get(site, "/en/category/politics").tree.find_class("float_block")
        assert card.xpath(".//a/@href") == [f"{site.url}/en/category/politics"]

    def test_links_to_another_host(self, site: Site) -> None:
        site.publish(VOTE)
        site.link_base("https://caliber.az/")
        assert get(site, "/en/category/politics").tree.xpath("//h2/../@href") == ["https://caliber.az/en/post/a-vote"]
        site.link_base(None)
        assert get(site, "/en/category/politics").tree.xpath("//h2/../@href") == [f"{site.url}/en/post/a-vote"]

    def test_unknown_sections(self, site: Site) -> None:
        assert get(site, "/en/category/politics").status == 200
        assert get(site, "/en/category/nonsense").status == 404

    def test_search(self, site: Site) -> None:
        site.publish_many([replace(VOTE, slug="sud", language="ru", title="Суд решил"), VOTE])
        assert article_paths(get(site, "/search/%D0%A1%D1%83%D0%B4")) == ["sud"]


class TestTheRest:
    def test_robots(self, site: Site) -> None:
        assert get(site, "/robots.txt").text.startswith("User-agent: *")
        site.robots("User-agent: *\nDisallow: /\n")
        assert get(site, "/robots.txt").text == "User-agent: *\nDisallow: /\n"
        site.robots(None)
        assert get(site, "/robots.txt").status == 404
        site.robots("", 503)
        assert get(site, "/robots.txt").status == 503

    def test_addresses_that_are_no_feed(self, site: Site) -> None:
        assert get(site, "/rss").headers["content-type"].startswith("text/html")
        assert [get(site, path).status for path in ("/rss", "/en/rss", "/nowhere")] == [200, 404, 404]

    def test_images(self, site: Site) -> None:
        assert get(site, "/media/photos/original/x.webp").body == bad_bytes.image()

    def test_clock(self, site: Site) -> None:
        site.set_time(AT)
        site.publish(replace(VOTE, published_at=None))
        page = get(site, VOTE.path)
        assert page.words("post_time") == ["16 January 2025 17:36"]
        assert page.headers["date"] == "Thu, 16 Jan 2025 13:36:00 GMT"
        with pytest.raises(ValueError, match="naive"):
            site.set_time(datetime(2025, 1, 1))  # noqa: DTZ001  what is refused
