"""Test which printed view counts are proposed, on made-up pages after the kinds that sites use."""

from __future__ import annotations

import pytest
from selectolax.lexbor import LexborHTMLParser

from scraper.parsing.html_tree import HtmlTree
from scraper.reading.views_finder import ViewsProposal, find_views, find_views_of_card

TITLE = "Council votes to rebuild the bridge"
URL = "https://news.example.com/2026/05/04/council-votes-778812"
DATE = "<time datetime=2026-05-04T10:00:00+04:00>4 May</time>"
OTHER = "<a href=/2026/05/03/other>Ferry runs every hour again, says the port</a>"


def _page(markup: str, *, before: str = "", behind: str = "") -> HtmlTree:
    return HtmlTree(
        f"<html><body>{before}<div class=article><div class=article_top><h1>{TITLE}</h1>{DATE}{markup}</div>"
        f"<p>The council voted on Monday.</p></div>{behind}</body></html>".encode()
    )


def _found(markup: str, *, before: str = "", behind: str = "", url: str = URL) -> ViewsProposal | None:
    return find_views(_page(markup, before=before, behind=behind), TITLE, url)


PLACES = {
    "class views_count": ("<span class=views_count>3304</span>", "span.views_count"),
    "class view beside the date": ("<span class=view>3304</span>", "span.view"),
    "class viewed": ("<div class='viewed'>3 304</div>", "div.viewed"),
    "class with the block's name": ("<span class=meta__item_views>3304</span>", "span.meta__item_views"),
    "class in camel case": ("<div class=itemHits>Hits: <b>3304</b></div>", "div.itemHits"),
    "class of a paragraph": ("<p class=views>Просмотров: 3304</p>", "p.views"),
    "class pageviews": ("<span class=pageviews>3304</span>", "span.pageviews"),
    "class of a theme": ("<div class='td-post-views td-x'><span>3304</span></div>", "div.td-post-views"),
    "attribute": ("<span class=stat data-views=3304></span>", "span.stat@data-views"),
    "eye, the count in its parent": ("<span><i class='fa fa-eye'></i> 3304</span>", "span:has(> i.fa-eye)"),
    "eye, the count in it": ("<i class=icon-eye>3304</i>", "i.icon-eye"),
    "eye drawn": ("<span class=cnt><svg><use xlink:href='/i.svg#eye'></use></svg>3304</span>", "span.cnt"),
    "eye, with a label": ("<span class=x><i class=bi-eye></i> 3304 baxış</span>", "span.x"),
    "label behind": ("<em class=info>3,304 views</em>", "em.info"),
    "label before": ("<em class=info>Переглядів: 3304</em>", "em.info"),
    "label, in Azerbaijani": ("<em class=info>Baxış: <b>3304</b></em>", "em.info"),
    "number of views, in Azerbaijani": ("<em class=info>Baxış sayı <b>3304</b></em>", "em.info"),
    "label, in Russian": ("<em class=info>Просмотров: 3304</em>", "em.info"),
    "label, in Turkish": ("<em class=info>3304 görüntülenme</em>", "em.info"),
    "label, in Georgian": ("<em class=info>ნახვა: 3304</em>", "em.info"),
    "label, in Armenian, with its colon": ("<em class=info>Դիտում՝ 3304</em>", "em.info"),
    "label, in German": ("<em class=info>3304 Aufrufe</em>", "em.info"),
    "sentence, in Portuguese": ("<em class=info>Esta notícia já foi lida <b>3304</b> vezes</em>", "em.info"),
    "sentence, in French": ("<em class=info>Cet article a été lu 3304 fois</em>", "em.info"),
    "sentence, in Spanish": ("<em class=info>Leído 3304 veces</em>", "em.info"),
    "sentence, in German": ("<em class=info>3304 mal gelesen</em>", "em.info"),
    "sentence, in Russian": ("<em class=info>Прочитано 3304 раза</em>", "em.info"),
    "sentence of something else": ("<em class=info>This article has been shared 3304 times</em>", None),
    "sentence with more behind it": ("<em class=info>Leído 3304 veces por 12 personas</em>", None),
    "words before a label without times": ("<em class=info>You have read 3304</em>", None),
    "label, in Armenian": ("<em class=info>3304 դիտում</em>", "em.info"),
    "magnitude": ("<span class=views>3,3K</span>", "span.views"),
    "printed twice": ("<span class=views>3304</span><span class=v>3304 views</span>", "span.views"),
}


@pytest.mark.parametrize(("markup", "selector"), PLACES.values(), ids=PLACES)
def test_one_count_in_the_block_of_heading_and_date_is_proposed(markup: str, selector: str | None) -> None:
    found = _found(markup)
    assert (found.selector if found else None) == selector
    if found is not None and selector is not None:
        assert found.count in {3304, 3300}
        assert found.reason.split()[0] in {"class", "label", "icon", "attribute"}


def test_the_date_needs_no_class() -> None:
    day = "<span class=ngay>Thứ Hai, 4/5/2026</span> <span class=gio>10:05</span>"
    info = f"<p>{day} <em class=x>Lượt xem: 3.304</em></p>"
    text = "<p>The council voted on Monday.</p>"
    page = f"<div class=top><h1>{TITLE}</h1>{info}</div>{text}"
    found = find_views(HtmlTree(f"<html><body><div>{page}</div></body></html>".encode()), TITLE, URL)
    assert found is not None
    assert (found.selector, found.count) == ("em.x", 3304)


PROSE = f"<p>{'The council voted on Monday to rebuild the bridge over the river. ' * 6}</p>"


@pytest.mark.parametrize(
    ("head", "selector"),
    [
        (f"<h1>{TITLE}</h1><div class=info>{DATE} <i class=n>3304 views</i></div>", "i.n"),
        (f"<h1>{TITLE}</h1>{DATE}<span class=views>3304</span>", ".article > span.views"),
        (f"<h1>{TITLE}</h1>{DATE}{OTHER}<b class=views>3304</b>", None),
    ],
)
def test_links_to_other_articles_within_the_text_are_no_doubt(head: str, selector: str | None) -> None:
    teaser = f"<div>{OTHER}<span class=views>812</span></div>"
    page = f"<div class=article>{head}<div class=text>{PROSE}{teaser}{PROSE}</div></div>"
    found = find_views(HtmlTree(f"<html><body>{page}</body></html>".encode()), TITLE, URL)
    assert (found and found.selector) == selector


def test_a_selector_is_narrowed_until_it_selects_the_count_alone() -> None:
    teasers = "".join(f"<li><span class=viewed>{number}</span>{OTHER}</li>" for number in (812, 97, 4410))
    found = _found("<span class=viewed>3304</span>", behind=f"<ul class=teasers>{teasers}</ul>")
    assert found is not None
    assert (found.selector, found.count) == (".article_top span.viewed", 3304)


NOTHING = {
    "filled by script": "<span class=meta__item_views></span>",
    "a placeholder": "<span class=views>0</span>",
    "two counts": "<span class=views>3304</span><span class=page-views>18</span>",
    "rank": "<span class=views>#17</span>",
    "rank of a list": "<span class=views>3</span>",
    "class of a row": "<div class=views-row>3304</div>",
    "class of a rank": "<span class=views-rank>3304</span>",
    "no class, no label": "<span>3304</span>",
    "comments": "<span><i class=fa-comment></i> 3304</span>",
    "eye struck out": "<span><i class=fa-eye-slash></i> 3304</span>",
    "date": "<span class=views>04.05.2026</span>",
    "time": "<span class=views>10:33</span>",
    "share": "<span class=views>33 %</span>",
    "the number of the address": "<span class=views data-views=778812></span>",
    "a sentence": "<p>More than 3304 views were expressed at the meeting of the council of the town on Monday.</p>",
    "with a link to another article": f"<span class=views>3304</span>{OTHER}",
    "count of a teaser": f"<div><span class=views>3304</span>{OTHER}</div>",
}


@pytest.mark.parametrize("markup", NOTHING.values(), ids=NOTHING)
def test_nothing_is_proposed_in_doubt(markup: str) -> None:
    assert _found(markup) is None


def test_four_counts_of_teasers_are_not_those_of_the_article() -> None:
    teasers = "".join(f"<div><span class=meta__item_views>{n}</span>{OTHER}</div>" for n in (3304, 812, 97, 4410))
    script = "<span class=meta__item_views></span>"
    assert _found(script, behind=teasers) is None
    assert _found(script, before=teasers) is None
    assert _found(teasers) is None


PAGES = {
    "no heading": f"<div>{DATE}<span class=views>3304</span></div>",
    "no date": f"<div><h1>{TITLE}</h1><span class=views>3304</span></div>",
    "heading and date only in the whole page": f"<h1>{TITLE}</h1><div>{DATE}</div><span class=views>3304</span>",
    "count elsewhere": f"<div><h1>{TITLE}</h1>{DATE}</div><footer><span class=views>3304</span></footer>",
}


@pytest.mark.parametrize("content", PAGES.values(), ids=PAGES)
def test_a_page_without_a_block_of_heading_and_date_has_no_proposal(content: str) -> None:
    assert find_views(HtmlTree(f"<html><body>{content}</body></html>".encode()), TITLE, URL) is None


CARDS = {
    "one": ("<li><a href=/a>Bridge to be rebuilt, votes council</a><span class=viewed>3304</span></li>", 3304),
    "none": ("<li><a href=/a>Bridge to be rebuilt, votes council</a></li>", None),
    "two": ("<li><a href=/a>x</a><span class=viewed>3304</span><span class=views>18</span></li>", None),
}


@pytest.mark.parametrize(("markup", "count"), CARDS.values(), ids=CARDS)
def test_a_card_of_a_list_has_one_count(markup: str, count: int | None) -> None:
    card = LexborHTMLParser(markup).css_first("li")
    assert card is not None
    assert find_views_of_card(card, "https://news.example.com/a") == count
