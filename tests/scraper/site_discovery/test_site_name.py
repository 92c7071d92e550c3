"""The name of a site in the titles of its pages, which its metadata may not know."""

from __future__ import annotations

import pytest

from scraper.site_discovery.site_name import find_site_name

HEADLINES = (
    "Ferry runs again",
    "Council puts off the vote – for a year",
    "Library opens its wing",
    "Rain closes roads",
)


def titled(form: str) -> list[str]:
    return [form.format(headline) for headline in HEADLINES]


@pytest.mark.parametrize(
    ("form", "home", "name"),
    [
        ("{} – Tern Gazette", "Tern Gazette", "Tern Gazette"),
        ("{} | Tern Gazette", "Tern Gazette: news of the valley", "Tern Gazette"),
        ("{}|Tern Gazette", "News of the valley - Tern Gazette", "Tern Gazette"),
        ("Tern Gazette » {}", "Tern Gazette » Home", "Tern Gazette"),
        ("{} - Politics - Tern Gazette", "Tern Gazette", "Tern Gazette"),
        ("{} - Politics - Tern Gazette", "Tern Gazette - Politics and sport", "Tern Gazette"),
        ("{} - Tern Gazette - Orrin Valley", "Tern Gazette - Orrin Valley", "Tern Gazette – Orrin Valley"),
        ("{} — Вестник долины", "Вестник долины", "Вестник долины"),
        ("{} – terngazette.example", "", "terngazette.example"),
        ("{} - Politics", "Tern Gazette", None),
        ("{} - Politics", "Politics - Tern Gazette", None),
        ("{} - News", "Tern Gazette", None),
        ("{}", "Tern Gazette", None),
        ("{}-Tern Gazette", "Tern Gazette", None),  # a compound
    ],
)
def test_the_part_that_the_titles_share_is_the_name_of_the_site(form: str, home: str, name: str | None) -> None:
    found = find_site_name(titled(form), home=home, known=("terngazette.example", "Lind Media"), sections=("politics",))
    assert found == name


def test_most_titles_are_enough_and_one_is_not() -> None:
    most = [*titled("{} – Tern Gazette"), "Sponsored: the new harbour – Lind Partners"]
    assert find_site_name(most, home="Tern Gazette") == "Tern Gazette"
    assert find_site_name(most[:1], home="Tern Gazette") is None
    assert find_site_name([most[0]] * 5, home="Tern Gazette") is None  # one page, five times
    assert find_site_name([], home="Tern Gazette") is None


def test_a_title_is_never_only_a_name() -> None:
    assert find_site_name(["Tern Gazette", "Tern Gazette | Tern Gazette"], home="Tern Gazette") is None
