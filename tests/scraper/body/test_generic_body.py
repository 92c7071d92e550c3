"""Test where the body of a made-up page is found, and which parts of it are left out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from selectolax.lexbor import LexborHTMLParser, LexborNode

from scraper.body.generic_body import GenericBody, find_body
from tests.support.growth import assert_linear

FIRST = (
    "The council voted on Monday to rebuild the bridge over the river, which was closed after the flood of last May."
)
SECOND = (
    "Work is to begin in the autumn, said the mayor, and the first cars may cross again before the end of next year."
)
THIRD = "Residents of the northern bank, who have taken the ferry since the flood, greeted the decision with relief."
TEXT = f"<p>{FIRST}</p><p>{SECOND}</p><p>{THIRD}</p>"
OTHER = (
    "Another story of the day, about the harbour and its cranes, is told here at some length but is not of interest."
)
MENU = "<ul>" + "".join(f"<li><a href='/{name}'>Section {name}</a></li>" for name in ("a", "b", "c", "d")) + "</ul>"
TITLE = "Council votes to rebuild the bridge"


def _found(content: str, *, description: str = "", title: str = TITLE) -> tuple[GenericBody, LexborHTMLParser]:
    tree = LexborHTMLParser(f"<html><body><nav>{MENU}</nav>{content}<footer>{MENU}</footer></body></html>")
    assert tree.body is not None
    headings = [node for node in tree.css("h1") if node.text(strip=True) == title]
    heading = headings[0] if headings else None
    return find_body(tree.body, heading=heading, descriptions=[description] if description else []), tree


def _texts(node: LexborNode, left_out: object) -> Iterator[str]:
    stack = [node]
    while stack:
        one = stack.pop()
        if one.tag == "-text":
            yield " ".join((one.text_content or "").split())
        elif one.mem_id not in left_out:  # type: ignore[operator]
            stack.extend(reversed(list(one.iter(include_text=True))))


def _body(content: str, **arguments: str) -> list[str]:
    found, _tree = _found(content, **arguments)
    return [text for element in found.elements for text in _texts(element, found.left_out) if text]


def _subtitle(content: str, **arguments: str) -> str | None:
    found, _tree = _found(content, **arguments)
    return found.subtitle.text(strip=True) if found.subtitle is not None else None


ARTICLE = f"<h1>{TITLE}</h1>{{}}"

PLACES = {
    "article": f"<article><h1>{TITLE}</h1>{TEXT}</article>",
    "nested": f"<div><div><h1>{TITLE}</h1></div><div class=x><div class=y><div>{TEXT}</div></div></div></div>",
    "no heading": f"<div><div>{TEXT}</div></div>",
    "beside a sidebar": f"<main><h1>{TITLE}</h1><div>{TEXT}</div></main><div class=side><p>{OTHER}</p></div>",
    "of two articles, that with the heading": f"<article><h1>{TITLE}</h1><div>{TEXT}</div></article>"
    f"<article><h2>Other</h2><p>{OTHER}</p><p>{OTHER}!</p><p>{OTHER}!!</p><p>{OTHER}!!!</p></article>",
    "in sections of one kind": f"<h1>{TITLE}</h1><div><div class='part a'><p>{FIRST}</p><p>{SECOND}</p></div>"
    f"<div class='part b'><p>{THIRD}</p></div></div>",
    "paragraphs behind a box": f"<h1>{TITLE}</h1><div><div><p>{FIRST}</p><p>{SECOND}</p></div><p>{THIRD}</p></div>",
    "first paragraph above the container": f"<article><h1>{TITLE}</h1><div><p>{FIRST}</p></div>"
    f"<section class=article-body><p>{SECOND}</p><p>{THIRD}</p></section></article>",
    "lines ended by br": f"<h1>{TITLE}</h1><div class=text>{FIRST}<br><br>{SECOND}<br><br>{THIRD}</div>",
    "in a form": f"<form><h1>{TITLE}</h1><div><div>{TEXT}</div></div></form>",
    "in an unclosed aside": f"<h1>{TITLE}</h1><aside><div>{MENU}</div><div>{TEXT}</div>",
}


@pytest.mark.parametrize("content", PLACES.values(), ids=PLACES)
def test_the_text_is_found_wherever_it_stands(content: str) -> None:
    body = _body(content)
    subtitle = _subtitle(content)
    assert [*([subtitle] if subtitle else []), *body] == [FIRST, SECOND, THIRD]


FURNITURE = {
    "tag": "<aside><p>{}</p></aside>",
    "role": "<div role=complementary><p>{}</p></div>",
    "class of other articles": "<div class='block related-articles'><p>{}</p></div>",
    "class of advertising": "<div class=ad-slot><p>{}</p></div>",
    "class of a newsletter": "<section class=NewsletterBox><p>{}</p></section>",
    "id": "<div id=cookie-consent><p>{}</p></div>",
    "hidden attribute": "<div hidden><p>{}</p></div>",
    "hidden by style": "<div style='display: none'><p>{}</p></div>",
    "hidden by class": "<div class='box hidden'><p>{}</p></div>",
    "embedded post": "<blockquote class=twitter-tweet><p>{}</p></blockquote>",
    "fact box": "<div class=fact-box><p>{}</p></div>",
    "caption": "<figure><img src=a.jpg><div><p>{}</p></div></figure>",
    "caption without figure": "<div><img src=a.jpg><span>{}</span></div>",
    "caption below a figure": "<div><figure><img src=a.jpg></figure><p>{}</p></div>",
    "caption in a table": "<table><tr><td><img src=a.jpg></td></tr><tr><td>{}</td></tr></table>",
    "class of a newsletter, in Spanish": "<div class=suscripcion><p>{}</p></div>",
    "class of advertising, in Spanish": "<div class=caja-publicidad><p>{}</p></div>",
    "teaser": "<article><h3><a href=/other>Other story</a></h3><p>{}</p></article>",
    "more on this": "<h3>Read more</h3><div><p>{}<a href=/other>Other story</a></p></div>",
}


@pytest.mark.parametrize("markup", FURNITURE.values(), ids=FURNITURE)
def test_furniture_within_the_text_is_left_out(markup: str) -> None:
    more = f"<p>{THIRD} It was so.</p><p>{SECOND} It was so, too.</p><p>{FIRST} And so on.</p>"
    texts = f"<p>{FIRST}</p><p>{SECOND}</p>{{}}<p>{THIRD}</p>{more}"
    content = f"<article><h1>{TITLE}</h1><div>{texts}</div></article>"
    assert _body(content.format(markup.format(OTHER))) == _body(content.format(""))


KEPT = {
    "element of most of the text": "<div class=widget-sidebar>{}</div>",
    "slug as a class": "<div id=more-on-car-repair-and-maintenance-for-all-of-you>{}</div>",
    "state of the page": "<div class='no-sidebar has-comments without-share'>{}</div>",
    "tags of a post": "<article class='post tag-share category-promo'>{}</article>",
    "many small ones of one mark": "<div><div class=promo>{}</div></div>",
    "hidden until a script shows it": "<div style='visibility:hidden'>{}</div>",
    "hidden at small widths": "<div class='hidden md:block'>{}</div>",
}


@pytest.mark.parametrize("markup", KEPT.values(), ids=KEPT)
def test_a_mark_never_takes_the_text_itself(markup: str) -> None:
    content = f"<h1>{TITLE}</h1>" + markup.format(TEXT)
    assert [text for text in _body(content) if text in {FIRST, SECOND, THIRD}] == [FIRST, SECOND, THIRD]


def test_elements_of_one_mark_that_hold_the_text_together_are_kept() -> None:
    parts = "".join(f"<div class=promo-part><p>{text}</p></div>" for text in (FIRST, SECOND, THIRD))
    assert _body(f"<h1>{TITLE}</h1><div>{parts}</div>") == [FIRST, SECOND, THIRD]


def test_comments_are_left_out_though_they_are_longer_than_the_text() -> None:
    comments = "".join(f"<article class=comment><p>{OTHER} {number}</p></article>" for number in range(30))
    for start in ("<div id=comments>", "<section class=comments-area>", "<ol class=commentlist>"):
        assert _body(f"<article><h1>{TITLE}</h1><div>{TEXT}</div></article>{start}{comments}") == [FIRST, SECOND, THIRD]


EDGES = {
    "stamps before": f"<div>Published 4 May</div><div>3 min</div>{TEXT}",
    "author before": f"<div>Anna Author</div>{TEXT}",
    "scraps behind": f"{TEXT}<div>© Agency</div><div>Print</div>",
    "link list behind": f"{TEXT}{MENU}",
    "link list within": f"<p>{FIRST}</p>{MENU}<p>{SECOND}</p><p>{THIRD}</p>",
    "pointing paragraph": f"<p>{FIRST}</p><p><a href=/other>Read also: Ferry runs</a></p><p>{SECOND}</p><p>{THIRD}</p>",
    "single link within": f"<p>{FIRST}</p><div><a href=/other>Ferry runs again</a></div><p>{SECOND}</p><p>{THIRD}</p>",
    "prompt to sign up": f"<p>{FIRST}</p><p>By signing up you accept our terms.</p><p>{SECOND}</p><p>{THIRD}</p>",
    "prompt, in Russian": f"<p>{FIRST}</p><p>Подписывайтесь на наш канал!</p><p>{SECOND}</p><p>{THIRD}</p>",
    "prompt, in Spanish": f"<p>{FIRST}</p><p>{SECOND}</p><p>{THIRD}</p><p>Suscribite a nuestro boletín.</p>",
    "prompt, in French": f"<p>{FIRST}</p><p>Abonnez-vous à notre lettre du matin !</p><p>{SECOND}</p><p>{THIRD}</p>",
    "service of news": f"{TEXT}<p>Ακολουθήστε την Ηχώ στο <a href=https://news.google.com/x>Google News</a> και μάθετε"
    " πρώτοι όλες τις ειδήσεις από την Ελλάδα και τον κόσμο</p>",
    "prompt to subscribe": f"<p>{FIRST}</p><p>{SECOND}</p><div>Already have an account? Log in</div><p>{THIRD}</p>",
    "more on this, then a paragraph": f"<p>{FIRST}</p><p>{SECOND}</p><h3>Читайте также</h3>"
    f"<div><a href=/other>Ferry</a> runs</div><p>{THIRD}</p>",
    "more on this, in Azerbaijani": f"{TEXT}<h4>Həmçinin oxuyun</h4><div>Ferry <a href=/other>runs</a></div>",
    "second copy of a paragraph": f"<p>{FIRST}</p><p>{SECOND}</p><div>{FIRST}</div><p>{THIRD}</p>",
}


@pytest.mark.parametrize("text", EDGES.values(), ids=EDGES)
def test_what_is_no_sentence_around_and_within_the_text_is_left_out(text: str) -> None:
    assert _body(f"<h1>{TITLE}</h1><div class=content>{text}</div>") == [FIRST, SECOND, THIRD]


def test_a_subheading_before_the_first_sentence_is_kept() -> None:
    assert _body(f"<h1>{TITLE}</h1><div><div>4 May</div><h3>The vote</h3>{TEXT}</div>") == [
        "The vote",
        FIRST,
        SECOND,
        THIRD,
    ]


def test_a_prompt_that_stands_for_contents_is_left_out_with_all_its_copies() -> None:
    prompt = f"<div><p>{OTHER} Accept the cookies to see this content of another site.</p></div>"
    text = f"<p>{FIRST}</p>{prompt}<p>{SECOND}</p>{prompt}<p>{THIRD}</p>{prompt}"
    assert _body(f"<h1>{TITLE}</h1><div>{text}</div>") == [FIRST, SECOND, THIRD]


WITHIN = {
    "heading": "<h2>What happens next</h2>",
    "heading that is a link": "<h2><a href=/place>The bridge of Newtown</a></h2>",
    "list": "<ul><li>The bridge</li><li>The ferry</li></ul>",
    "table of contents": "<ul><li><a href=#a>The bridge</a></li><li><a href=#b>The ferry</a></li></ul>",
    "short sentence": "<p>They agreed.</p>",
    "paragraph that is a link": "<p><a href=/place>The plans of the bridge, by the council</a></p>",
    "heading whose id is a slug": "<h2 id=product-rating-of-ferries>The ferries</h2>",
    "table": "<table><tr><td>Bridge</td><td>1963</td></tr></table>",
    "quote in a figure": "<figure><blockquote>We have waited long enough.</blockquote></figure>",
    "speaker of a quote": "<figure><blockquote>We waited.</blockquote><figcaption>Anna Neighbour</figcaption></figure>",
    "exercise repeated": f"<ol><li>{OTHER}</li><li>{OTHER}</li></ol>",
}


@pytest.mark.parametrize("markup", WITHIN.values(), ids=WITHIN)
def test_parts_of_the_text_are_kept(markup: str) -> None:
    content = f"<h1>{TITLE}</h1><div><p>{FIRST}</p>{markup}<p>{SECOND}</p><p>{THIRD}</p></div>"
    expected = LexborHTMLParser(markup).body
    assert expected is not None
    parts = [text for text in _texts(expected, ()) if text]
    assert _body(content) == [FIRST, *parts, SECOND, THIRD]


LEAD = "Closed since the flood, the bridge is to be open again within two years."
SUBTITLES = {
    "class": (f"<h1>{TITLE}</h1><p class=article__lead>{LEAD}</p><div>{TEXT}</div>", ""),
    "class above": (f"<h1>{TITLE}</h1><div class=standfirst><div>{LEAD}</div></div><div>{TEXT}</div>", ""),
    "description": (f"<h1>{TITLE}</h1><h2>{LEAD}</h2><div>{TEXT}</div>", LEAD),
    "description cut short": (f"<h1>{TITLE}</h1><h2>{LEAD}</h2><div>{TEXT}</div>", LEAD[:66] + "…"),
    "marked as a teaser": (f"<h1>{TITLE}</h1><div class=teaser-text>{LEAD}</div><div>{TEXT}</div>", ""),
    "paragraph before the container": (
        f"<main><h1>{TITLE}</h1><div><p>{LEAD}</p></div><div class=text>{TEXT}</div></main>",
        "",
    ),
}


@pytest.mark.parametrize(("content", "description"), SUBTITLES.values(), ids=SUBTITLES)
def test_the_subtitle_comes_from_the_body_and_is_not_in_it(content: str, description: str) -> None:
    assert _subtitle(content, description=description) == LEAD
    assert _body(content, description=description) == [FIRST, SECOND, THIRD]


NO_SUBTITLES = {
    "description that is the first paragraph": (f"<h1>{TITLE}</h1><div>{TEXT}</div>", FIRST),
    "no heading": (f"<p class=lead>{LEAD}</p><div>{TEXT}</div>", ""),
    "behind the text": (f"<h1>{TITLE}</h1><div>{TEXT}</div><p class=author-description>{LEAD}</p>", ""),
    "too short": (f"<h1>{TITLE}</h1><p class=lead>By A. Author</p><div>{TEXT}</div>", ""),
}


@pytest.mark.parametrize(("content", "description"), NO_SUBTITLES.values(), ids=NO_SUBTITLES)
def test_a_text_of_the_body_is_no_subtitle(content: str, description: str) -> None:
    assert _subtitle(content, description=description) is None


PAGES_WITHOUT_TEXT = ["", "<p>", "<div></div>", f"<h1>{TITLE}</h1>", MENU, "<img src=a.jpg>", "text", "<template><p>x"]


@pytest.mark.parametrize("content", PAGES_WITHOUT_TEXT)
def test_a_page_without_prose_raises_nothing(content: str) -> None:
    _body(content)


STREAMED = {
    "at a boundary": "<div><template id=B:1></template></div><div hidden id=S:1>{}</div>",
    "at a place": "<div><span><template id=P:a></template></span></div><div hidden id=S:a>{}</div>",
    "in one another": "<div><template id=B:0></template></div><div hidden id=S:0><template id=P:1></template></div>"
    "<div hidden id=S:1>{}</div>",
    "without a place": "<div hidden id=S:7>{}</div>",
    "within itself": "<div hidden id=S:7><template id=B:7></template>{}</div>",
}


@pytest.mark.parametrize("markup", STREAMED.values(), ids=STREAMED)
def test_a_part_that_the_server_sent_late_is_read(markup: str) -> None:
    content = f"<h1>{TITLE}</h1><main><p>{FIRST}</p>{markup.format(f'<p>{SECOND}</p>')}</main>"
    assert [*filter(None, [_subtitle(content)]), *_body(content)] == [FIRST, SECOND]


def test_a_late_part_comes_where_its_place_is() -> None:
    parts = f"<div hidden id=S:2><p>{THIRD}</p></div><div hidden id=S:1><p>{SECOND}</p></div>"
    content = f"<main><p>{FIRST}</p><div><template id=B:1></template><template id=B:2></template></div></main>{parts}"
    assert _body(content) == [FIRST, SECOND, THIRD]


DEEP = 3_000
SHAPES = {
    "nested": "<div>" * DEEP + TEXT,
    "nested with links": "<div><a href=/x>x</a>" * DEEP + TEXT,
    "nested articles": f"<article><h2><a href=/x>x</a></h2><p>{OTHER}</p>" * DEEP,
    "signs": "<h3>Read more</h3>" * DEEP + TEXT,
    "nested emphasis": "<p>" + "<span>" * DEEP + FIRST,
    "captions": "<div><img src=a><p>x</p></div>" * DEEP + TEXT,
}


@pytest.mark.parametrize("content", SHAPES.values(), ids=SHAPES)
def test_a_large_or_deep_page_is_read(content: str) -> None:
    _body(f"<h1>{TITLE}</h1>" + content)


LIST = "<ul><li><a href=/x>x x x</a></ul>"
GROWING = {
    "paragraphs": (TEXT, 4_000),
    "link lists": (TEXT + LIST, 4_000),
    "deep link lists": ("<div>" * 190 + TEXT + LIST, 1_000),
    "signs": ("<h3>Read more</h3>", 8_000),
    "teasers": (f"<article><h2><a href=/x>x</a></h2><p>{OTHER}</p></article>", 4_000),
    "hidden": (f"<div hidden><p>{OTHER}</p></div>", 4_000),
    "captions": ("<div><img src=a><p>x y z</p></div>", 8_000),
}


@pytest.mark.long
@pytest.mark.parametrize(("markup", "times"), GROWING.values(), ids=GROWING)
def test_the_time_grows_with_the_size_alone(markup: str, times: int) -> None:
    last = LIST if LIST in markup else markup
    start = markup.removesuffix(last)
    trees = {size: LexborHTMLParser(f"<h1>{TITLE}</h1>{TEXT}{start}" + last * times * size) for size in (1, 2)}
    bodies = {size: tree.body for size, tree in trees.items()}
    assert_linear(lambda size: [find_body(body) for body in [bodies[size]] if body is not None], 1)
