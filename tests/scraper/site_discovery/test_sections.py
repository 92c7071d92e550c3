"""Offer each section of a site once: label, slug and hyphens are spellings of one name."""

from __future__ import annotations

from scraper.site_discovery.home_page import NavigationLink
from scraper.site_discovery.sections import group_sections

HOME = "https://tern.example"


def navigation(**labels: str) -> list[NavigationLink]:
    return [NavigationLink(f"{HOME}/{slug.replace('_', '-')}/", label) for slug, label in labels.items()]


def test_a_label_and_its_slug_are_one_section() -> None:
    menu = navigation(politika="პოლიტიკა", sport="Sport", world_news="World news")
    counted = {"politika": 3, "პოლიტიკა": 2, "world-news": 1, "economy": 4}
    found = group_sections(counted, menu)
    assert [(one.label, sorted(one.names), one.is_read) for one in found] == [
        ("პოლიტიკა", ["politika", "პოლიტიკა"], True),
        ("economy", ["economy"], True),
        ("World news", ["world news", "world-news"], True),
        ("Sport", ["sport"], False),
    ]
    assert found[0].shown == "პოლიტიკა (politika)"
    assert all(found[2].is_called(typed) for typed in ("World News", "world-news", "WORLD_NEWS"))
    assert not found[2].is_called("world")


def test_breadcrumbs_tell_which_slug_belongs_to_which_label() -> None:
    trails = [("პოლიტიკა", "საქართველო", "politika", "georgia"), ("a", "b"), ("სპორტი", "sport", "foot ball")]
    counted = {name: 1 for trail in trails for name in trail}
    names = {frozenset(one.names) for one in group_sections(counted, [], trails)}
    assert names >= {frozenset({"პოლიტიკა", "politika"}), frozenset({"საქართველო", "georgia"})}
    assert names >= {frozenset({"a"}), frozenset({"b"}), frozenset({"sport"})}  # no label for certain


def test_what_is_no_section_of_the_navigation_is_left_out() -> None:
    menu = [
        *navigation(about_us="About us", contacts="Contacts", en="EN", ru="Русский"),
        NavigationLink(f"{HOME}/rss.xml", "RSS"),
        NavigationLink(f"{HOME}/category/12", "Politics"),
        NavigationLink(f"{HOME}/en/politics", "Politics"),
        NavigationLink(f"{HOME}/search?q=x", "Find"),
    ]
    found = group_sections({}, menu)
    assert [(one.label, sorted(one.names)) for one in found] == [("Politics", ["politics"])]
