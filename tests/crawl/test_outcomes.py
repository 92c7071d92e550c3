"""What becomes of an address over several crawls: its outcome stays true whatever befalls it in between."""

from __future__ import annotations

from scraper.selection import Relook
from storage.records import Outcome
from tests.crawl.desk import Desk
from tests.crawl.stories import story
from tests.site import Site


def test_a_story_named_by_hand_is_followed_whatever_its_section_and_language(desk: Desk, site: Site) -> None:
    site.publish(story("ours"))
    site.publish(story("sport-story", sections=("sport",)))
    site.publish(story("po-russki", language="ru", title="Заголовок"))
    desk.crawl()
    desk.crawl(urls=(site.url_of("sport-story"), site.url_of("po-russki")))
    site.count("sport-story", 500)
    site.count("po-russki", 600)
    run = desk.crawl(relook=Relook.ALL)
    assert (run.filtered, run.recounted) == (0, 3)
    assert sorted(row.view_count for row in desk.rows("articles")) == [100, 500, 600]
    assert {row.outcome for row in desk.rows("links")} == {Outcome.STORED}
