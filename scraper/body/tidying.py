"""Drop from the element that holds the text what is not of the text: captions, link lists, teasers, tails, scraps."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from scraper.body.blocks import HEADINGS, Block

MAX_CAPTION_LENGTH = 500
MAX_LINES_OF_CAPTION = 2
MAX_LINKS_OF_CAPTION = 2
MOST_OF_CAPTIONS = 0.25
MOST_OF_ONE_CAPTION = 0.3
"""Maximum share of the prose that all captions, or one, hold: cards of an image and a text are no captions."""
MIN_REPEATED_LENGTH = 60
MIN_PROMPT_LENGTH = 100
MAX_PROMPT_LENGTH = 400
MIN_PROMPTS = 3
"""Characters and copies of a text that is repeated as often as no article repeats itself."""
MIN_LINK_SHARE = 0.6
MIN_ONLY_LINK_SHARE = 0.95
"""Minimum share of the characters that are within links, of a block with several links or with one."""
MOST_OF_TEASER = 0.4
MOST_OF_TEASERS = 0.5
"""Maximum share of the prose that a teaser, or all, hold; else the articles are what the page consists of."""
MAX_SIGN_LENGTH = 60
MAX_SIGNS = 50
"""Maximum characters of "more on this", and how many of them are handled."""
MOST_OF_TAIL = 0.15
"""Maximum share of the prose behind "more on this"."""
MIN_SHARE_OF_TAIL = 0.1
"""Minimum share of the characters behind "more on this" that are within links, unless they are few."""
MIN_SENTENCE_LENGTH = 25

_NO_CAPTION_NAMES = "article blockquote li main ol p tbody td tr ul"
_NO_CAPTION = frozenset(_NO_CAPTION_NAMES.split())
_NO_LIST_NAMES = "dd dt li table tbody td th tr"
_NO_LIST = frozenset(_NO_LIST_NAMES.split()) | HEADINGS
_NO_SCRAP = frozenset({"dd", "dt", "li", "pre", "td", "th"})
_MAY_REPEAT_NAMES = "h1 h2 h3 h4 li td th"
_MAY_REPEAT = frozenset(_MAY_REPEAT_NAMES.split())
_SUBHEADINGS = frozenset({"h3", "h4", "h5", "h6"})
_SENTENCES = frozenset({"blockquote", "li", "p"})
_MORE = re.compile(
    r"\W*(?:read (?:more|also|next|on)|more (?:on|from|about|in|stories|news|like)|related|see also|also read"
    r"|recommended|you (?:may|might) (?:also )?(?:like|enjoy|be interested)|most (?:read|popular)|popular|trending"
    r"|latest|further reading|up next|don.t miss|editor.?s.? picks?|share this|share|sign up|subscribe|newsletter"
    r"|comments?|leave a (?:reply|comment)|tags?|topics?|about the authors?|sources?|follow us|advertisement"
    r"|mehr zum thema|lesen sie auch|auch interessant|das könnte sie|lire aussi|à lire|sur le m[êe]me|plus d"
    r"|leer más|lea también|te puede interesar|más (?:noticias|sobre)|leggi anche|potrebbe interessarti"
    r"|lees ook|lees meer|les også|læs også|läs (?:också|mer|även)|lue myös"
    r"|czytaj (?:też|także|również|więcej)|zobacz (?:też|także)|čtěte|mohlo by vás|přečtěte|olvassa el|citește"
    r"|читайте|по теме|ещё по теме|смотрите также|другие новости|похожие|новости по теме|подписывайтесь"
    r"|підписуйтесь|також|oxşar|həmçinin oxu|digər xəbər|ilgili haber|bunlar da|կարդացեք|წაიკითხეთ"
    r"|関連|おすすめ|あわせて読|相关|相關|推荐|延伸閱讀|관련|اقرأ أيضا|مواضيع ذات|بیشتر بخوانید|संबंधित|ये भी पढ़ें)\b",
    re.IGNORECASE,
)
_PROMPT = re.compile(
    r"\W*(?:by (?:signing up|clicking|subscribing|submitting)\b|sign up (?:for|to)\b|signing up\b|thanks for signing up"
    r"|subscribe (?:now|to|today)\b|to read (?:the rest|this)|already (?:have|had) an account|already a subscriber"
    r"|this (?:site|form|page) is protected by recaptcha|this (?:article|content) is (?:reserved|exclusive|only)"
    r"|unlock this (?:article|story)|advertisement\b|be the first to know|get the latest .{0,40} (?:inbox|phone)"
    r"|mit (?:der|ihrer) anmeldung|en vous inscrivant|al (?:suscribirte|registrarte)|подписывайтесь на|подпишитесь на"
    r"|підписуйтесь на|підпишіться на|bizi .{0,30} izləyin|su(?:s|b)cr[ií]b(?:ite|ete|ase|irse|a-se|irte) (?:a|al|en)\b"
    r"|abonnez-vous|inscrivez-vous|iscriviti (?:a|al|alla)\b|seguinos en|síguenos en|siga-nos|seguici su|suivez-nous"
    r"|folgen sie uns|volg ons|ακολουθήστε (?:μας|το|την?)\b|theo dõi .{0,40} trên)",
    re.IGNORECASE,
)
"""Starts of the lines that ask for a subscription or a consent."""
_SERVICE = re.compile(r"\bGoogle[ -](?:News|Новости|Новини|Haberler|Noticias|Notícias|Nachrichten|Actualités)\b")
"""Service that a line with a link points to: an article on the service itself has more of it than one line."""
MAX_SERVICE_LENGTH = 250
_ENDED = re.compile(r"[.!?…。！？।؟»”\"'’)\]:;]\s*\Z|\A[…-]")


def tidy(container: Block) -> None:
    """Drop what is no part of the text; some of it is known only after other parts are gone, so the order matters."""
    _drop_captions(container)
    _drop_prompts(container)
    _drop_repeated(container)
    _drop_lists_and_teasers(container)
    _drop_tails(container)
    _drop_edges(container)


def _drop_captions(container: Block) -> None:
    found = list(_captions(container))
    if sum(block.prose for block in found) <= MOST_OF_CAPTIONS * container.prose:
        for block in found:
            block.drop("caption")


def _captions(container: Block) -> Iterator[Block]:
    """Yield the outermost blocks of an image and at most two lines."""
    stack = [container]
    while stack:
        for child in stack.pop().shown():
            if child.images and child.is_line_block and child.tag not in _NO_CAPTION and _is_caption(child, container):
                yield child
            else:
                stack.append(child)


def _is_caption(block: Block, container: Block) -> bool:
    return (
        0 < block.text <= MAX_CAPTION_LENGTH
        and block.lines <= MAX_LINES_OF_CAPTION
        and block.anchors <= MAX_LINKS_OF_CAPTION
        and not block.quotes
        and not block.headings
        and block.prose < MOST_OF_ONE_CAPTION * container.prose
    )


def _drop_prompts(container: Block) -> None:
    for block in list(container.walk()):
        is_short = block.is_line_block and 0 < block.line_length <= MAX_PROMPT_LENGTH and block.is_leaf()
        if is_short and (_PROMPT.match(block.line_text()) or _points_to_service(block)):
            block.drop("prompt")


def _points_to_service(block: Block) -> bool:
    """Return whether a line asks in any language to follow the site elsewhere."""
    return block.anchors > 0 and block.text <= MAX_SERVICE_LENGTH and _SERVICE.search(block.line_text()) is not None


def _drop_repeated(container: Block) -> None:
    """Drop the second copy of a paragraph, and all copies of a prompt that stands for content without consent."""
    copies: dict[str, list[Block]] = {}
    for block in container.walk():
        if block.is_line_block and block.line_length >= MIN_REPEATED_LENGTH and block.tag not in _MAY_REPEAT:
            copies.setdefault(block.line_text().casefold(), []).append(block)
    for text, blocks in copies.items():
        is_prompt = len(blocks) >= MIN_PROMPTS and len(text) >= MIN_PROMPT_LENGTH
        for block in blocks if is_prompt else blocks[1:]:
            if block.is_leaf():
                block.drop("repeated")


def _drop_lists_and_teasers(container: Block) -> None:
    inner = [
        block
        for block in container.walk()
        if block.tag == "article" and block is not container and block.prose < MOST_OF_TEASER * container.prose
    ]
    teasers = {id(block) for block in inner}
    if sum(block.prose for block in inner) > MOST_OF_TEASERS * container.prose:
        teasers = set()
    stack = [container]
    while stack:
        for child in stack.pop().shown():
            if _is_link_list(child):
                child.drop("links")
            elif id(child) in teasers and _is_teaser(child):
                child.drop("teaser")
            else:
                stack.append(child)


def _is_link_list(block: Block) -> bool:
    if not block.is_line_block or block.prose or not block.anchors or not block.text or block.tag in _NO_LIST:
        return False
    if 2 * block.page_anchors > block.anchors:  # a table of contents
        return False
    if block.tag == "p" and block.anchors == 1 and not _MORE.match(block.line_text()):
        return False
    least = MIN_LINK_SHARE if block.anchors > 1 else MIN_ONLY_LINK_SHARE
    return block.links >= least * block.text


def _is_teaser(block: Block) -> bool:
    """Return whether an inner article only points to another page: by its heading, or most of its text."""
    if 2 * block.links >= block.text:
        return block.anchors > 0
    return any(one.tag in HEADINGS and one.text and one.links >= 0.8 * one.text for one in block.walk())


def _drop_tails(container: Block) -> None:
    """Drop "more on this" with what follows it, if that is little; a paragraph without links ends what follows."""
    signs = [block for block in container.walk() if _is_sign(block)]
    for sign in signs[:MAX_SIGNS]:
        block = sign
        while block.parent is not container and block.parent is not None and _first_text(block.parent) is block:
            block = block.parent
        if block.is_within_dropped() or block is container:
            continue
        behind = _siblings_behind(block)
        most = MOST_OF_TAIL * container.prose
        if sum(one.prose for one in behind) <= most and _has_links(behind):
            tail = _until_paragraph(behind, max_links=0)
        else:
            tail = _until_paragraph(behind, max_links=len(behind))
            tail = tail if _points_elsewhere(tail) and sum(one.prose for one in tail) <= most else []
        if tail or block is sign or block.prose <= most:
            for one in (block, *tail):
                one.drop("more")


def _has_links(behind: Sequence[Block]) -> bool:
    """Return whether what follows is short, or has links."""
    length = sum(one.text for one in behind)
    return length <= MAX_CAPTION_LENGTH or sum(one.links for one in behind) >= MIN_SHARE_OF_TAIL * length


def _until_paragraph(behind: Sequence[Block], *, max_links: int) -> Sequence[Block]:
    """Return the elements before the first paragraph of at most so many links."""
    ends = (at for at, one in enumerate(behind) if one.tag == "p" and one.prose and one.anchors <= max_links)
    return behind[: next(ends, None)]


def _points_elsewhere(tail: Sequence[Block]) -> bool:
    """Return whether each element has a link to another page."""
    return all(one.anchors > one.page_anchors for one in tail if one.text)


def _is_sign(block: Block) -> bool:
    is_short = block.is_line_block and 0 < block.text <= MAX_SIGN_LENGTH and block.is_leaf()
    return (block.tag in HEADINGS or is_short) and _MORE.match(block.line_text()) is not None


def _first_text(block: Block) -> Block | None:
    return next((child for child in block.shown() if child.text), None)


def _siblings_behind(block: Block) -> list[Block]:
    siblings = block.parent.children if block.parent is not None else []
    at = next((at for at, one in enumerate(siblings) if one is block), len(siblings))
    return [one for one in siblings[at + 1 :] if not one.dropped]


def _drop_edges(container: Block) -> None:
    """Drop the stamps before the first sentence, and the scraps after the last one."""
    lines = [block for block in container.walk() if block.is_line_block and block.line_length]
    places = [at for at, block in enumerate(lines) if is_sentence(block)]
    if not places:
        return
    for block in lines[: places[0]]:
        if block.is_leaf() and block.tag not in _SUBHEADINGS:
            block.drop("stamp")
    for block in lines[places[-1] + 1 :]:
        parent = block.parent.tag if block.parent is not None else ""
        if block.is_leaf() and block.tag not in _NO_SCRAP and parent not in _NO_SCRAP:
            block.drop("scrap")


def is_sentence(block: Block) -> bool:
    """Return whether a line is a sentence, by its length or by its end."""
    free = block.free_length
    if block.prose and free >= MIN_REPEATED_LENGTH:
        return True
    if block.tag in HEADINGS:
        return free >= MIN_REPEATED_LENGTH or (free >= MIN_SENTENCE_LENGTH and _ends(block))
    return free >= MIN_SENTENCE_LENGTH and block.tag in _SENTENCES and _ends(block)


def _ends(block: Block) -> bool:
    return _ENDED.search(block.line_text()) is not None
