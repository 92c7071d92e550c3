"""Define an article of the test site: its text, its date, its counts, and its configured quirks."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

NO_IMAGE = "/media/photos/normal/standart.jpeg"  # the site's way of saying that there is none

# Labels by section slug and language. "mir" is the one slug seen for certain, the others are plausible.
SECTIONS: Mapping[str, Mapping[str, str]] = {
    "politics": {"en": "Politics", "ru": "Политика"},
    "politika": {"en": "Politics", "ru": "Политика"},
    "world": {"en": "World", "ru": "Мир"},
    "mir": {"en": "World", "ru": "Мир"},
    "economics": {"en": "Economics", "ru": "Экономика"},
    "ekonomika": {"en": "Economics", "ru": "Экономика"},
    "society": {"en": "Society", "ru": "Общество"},
    "obshhestvo": {"en": "Society", "ru": "Общество"},
    "culture": {"en": "Culture", "ru": "Культура"},
    "sport": {"en": "Sport", "ru": "Спорт"},
}


class BlockKind(StrEnum):
    """Kinds of blocks of a body."""

    PARAGRAPH = "paragraph"
    HEADING = "heading"
    QUOTE = "quote"
    NUMBERED = "numbered"
    BULLETS = "bullets"
    BANNER = "banner"
    SCRIPT = "script"
    FRAME = "frame"
    AD = "ad"
    PICTURE = "picture"
    ZOOM = "zoom"
    RAW = "raw"


@dataclass(frozen=True, slots=True)
class Block:
    """One block of a body. `texts` are plain words (escaped on the page), but for `RAW` and `SCRIPT`."""

    kind: BlockKind
    texts: tuple[str, ...] = ()


def paragraph(text: str) -> Block:
    """A paragraph; a plain string in a body means the same."""
    return Block(BlockKind.PARAGRAPH, (text,))


def heading(text: str) -> Block:
    """A sub-heading."""
    return Block(BlockKind.HEADING, (text,))


def quote(*paragraphs: str) -> Block:
    """A block quote of one or more paragraphs."""
    return Block(BlockKind.QUOTE, paragraphs)


def numbered(*entries: str) -> Block:
    """A numbered list."""
    return Block(BlockKind.NUMBERED, entries)


def bullets(*entries: str) -> Block:
    """A bulleted list."""
    return Block(BlockKind.BULLETS, entries)


def banner(text: str) -> Block:
    """An advertisement block with a paragraph of its own, which is no part of the article."""
    return Block(BlockKind.BANNER, (text,))


def script(code: str) -> Block:
    """A script in the middle of the body."""
    return Block(BlockKind.SCRIPT, (code,))


def frame(url: str) -> Block:
    """An embedded frame, as videos and posts of social networks are."""
    return Block(BlockKind.FRAME, (url,))


def ad() -> Block:
    """An `ins` element as advertising networks place it, with words inside."""
    return Block(BlockKind.AD)


def picture(path: str, *, lazy: bool = False) -> Block:
    """A picture by `src`, or by `data-src` when lazy."""
    return Block(BlockKind.PICTURE, (path, "lazy" if lazy else ""))


def zoom() -> Block:
    """The site's magnifier icon, which is not a picture of the article."""
    return Block(BlockKind.ZOOM)


def raw(html: str) -> Block:
    """Any HTML, as it is."""
    return Block(BlockKind.RAW, (html,))


class Part(StrEnum):
    """The parts of an article page that `Article.parts` can replace by other HTML ("" leaves one out)."""

    COVER = "cover"
    SECTION = "section"
    TITLE = "title"
    TIME = "time"
    BODY = "body"
    SIGNATURE = "signature"
    VIEWS = "views"
    SHARE = "share"
    RELATED = "related"
    META = "meta"


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """An article of the test site with its configured quirks.

    `slug` and `language` make the address: `/en/post/<slug>` in English, `/post/<slug>` in Russian.
    """

    slug: str
    title: str
    language: str = "en"
    sections: tuple[str, ...] = ("politics",)  # slugs; cards show the first
    subtitle: str = ""
    subtitle_tag: str = "span"  # wrapped in this tag without a space before; "br": after one; "": after a space
    body: tuple[Block | str, ...] = ()
    description: str | None = None  # None: the first paragraph
    published_at: datetime | None = None  # aware; None: the site's now when it is published
    views: int = 0
    image: str | None = ""  # "": an address made from the slug; None: the site's "no image"
    image_quotes: bool = True  # quotes around the cover's url(…)
    date_text: str | None = None  # in place of the written date, on page and card; "": no such element
    views_text: str | None = None  # in place of "Views: 127"; "": no such element
    section_text: str | None = None  # in place of the label in capitals; "": no such element
    parts: Mapping[str, str] = field(default_factory=dict)  # Part → HTML in its place
    page: bytes | None = None  # the whole page, byte for byte
    page_headers: Mapping[str, str] = field(default_factory=dict)  # over the usual ones; "" leaves one out
    status: int = 200  # any other: an error page with it
    in_lists: bool = True
    in_feed: bool = True
    card_link: bool = True  # some cards have no link to their article

    @property
    def path(self) -> str:
        """Return the path of the article on the site."""
        return f"{language_root(self.language)}/post/{self.slug}"


def language_root(language: str) -> str:
    """The first part of every address in a language: "" for Russian, which lives at the root."""
    return "" if language == "ru" else f"/{language}"


def section_path(slug: str, language: str) -> str:
    """The path of a section's list page."""
    return f"{language_root(language)}/category/{slug}"


def section_label(slug: str, language: str) -> str:
    """Return the label of a section; the slug itself when the site has no name for it."""
    return SECTIONS.get(slug, {}).get(language, slug.replace("-", " ").title())


def image_path(article: Article) -> str:
    """The path of an article's cover picture."""
    if article.image is None:
        return NO_IMAGE
    digest = hashlib.md5(article.slug.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()
    return article.image or f"/media/photos/original/{digest}.webp"


def plain_texts(article: Article) -> tuple[str, ...]:
    """The words of an article's own blocks in order, without list marks, banners, scripts and raw HTML."""
    kept = (BlockKind.PARAGRAPH, BlockKind.HEADING, BlockKind.QUOTE, BlockKind.NUMBERED, BlockKind.BULLETS)
    texts: list[str] = []
    for block in article.body:
        if isinstance(block, str):
            texts.append(block)
        elif block.kind in kept:
            texts.extend(block.texts)
    return tuple(texts)


def description(article: Article) -> str:
    """Return the meta description of the page."""
    if article.description is not None:
        return article.description
    return next(iter(plain_texts(article)), article.title)
