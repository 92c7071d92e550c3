"""Article pages and cards in the site's own markup, misspelt class names included."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from html import escape

from tests.support.site import page_chrome
from tests.support.site.articles import (
    Article,
    Block,
    BlockKind,
    Part,
    description,
    image_path,
    section_label,
    section_path,
)
from tests.support.site.styles import ListStyle, PageStyle
from tests.support.site.words import SIGNATURE, written_date, written_views


def written_at(article: Article) -> str:
    """The date as the page writes it; an article on the site has one."""
    if article.date_text is not None:
        return article.date_text
    return written_date(article.published_at, article.language) if article.published_at else ""


def card(article: Article, base: str, style: ListStyle) -> str:
    """One `float_block`: two links to the article, one to its section, its date."""
    root = "" if style.relative_links else base
    section = article.sections[0] if article.sections else ""
    image = f'<div class="float_block_image" style="background-image:url({base}{image_path(article)})"></div>'
    at = written_at(article) if style.dates else ""
    return (
        '<div class="float_block">\n'
        + _linked(article, root, f'<div class="float_block_image_block">{image}</div>')
        + _linked(article, root, f'<h2 class="float_block_title">{escape(article.title, quote=False)}</h2>')
        + '<div class="float_block_bottom">'
        + (_card_section(article, section, root) if section else "")
        + (f'<div class="float_block_time">{escape(at, quote=False)}</div>' if at else "")
        + "</div>\n</div>\n"
    )


def list_page(*, title: str, language: str, cards: Iterable[str], weight: int) -> str:
    """A page of cards: the front page, a section, search results."""
    main = f'<div class="category_name">{escape(title)}</div><div class="float_blocks">{"".join(cards)}</div>'
    meta = f'<meta name="description" content="{escape(title)}">'
    return page_chrome.page(title=title, language=language, meta=meta, main=main, weight=weight)


def article_page(article: Article, base: str, related: Iterable[str], style: PageStyle) -> str:
    """The page of one article, its parts in the order of the site."""
    parts = _parts(article, base, "".join(related))
    meta = parts.pop(Part.META)
    share, boxes = parts.pop(Part.SHARE), parts.pop(Part.RELATED)
    main = f'<div class="post">{"".join(parts.values())}</div>{share}{boxes}'
    return page_chrome.page(title=article.title, language=article.language, meta=meta, main=main, weight=style.weight)


def _parts(article: Article, base: str, related: str) -> dict[Part, str]:
    """Every part's HTML in page order, replaced where the article says so."""
    parts = {
        Part.META: _meta(article, base),
        Part.COVER: _cover(article, base),
        Part.SECTION: _sections(article, base),
        Part.TITLE: _title(article),
        Part.TIME: _element("post_time", written_at(article)),
        Part.BODY: f'<div class="post_body">{body(article.body, base)}</div>',
        Part.SIGNATURE: _element("post_signature", SIGNATURE),
        Part.VIEWS: _element("post_hits", _views(article)),
        Part.SHARE: _share(),
        Part.RELATED: f'<div class="related"><div class="ads">ads</div>{related}</div>',
    }
    return {part: article.parts.get(part, html) for part, html in parts.items()}


def _meta(article: Article, base: str) -> str:
    about = escape(description(article))
    title = escape(article.title)
    return (
        f'<meta name="description" content="{about}"><meta property="og:type" content="article">'
        f'<meta property="og:title" content="{title}"><meta property="og:description" content="{about}">'
        f'<meta property="og:url" content="{base}{escape(article.path)}">'
        f'<meta property="og:image" content="{base}{image_path(article)}">'
    )


def _cover(article: Article, base: str) -> str:
    mark = "'" if article.image_quotes else ""
    return f'<div class="post_cover" style="background-image:url({mark}{base}{image_path(article)}{mark})"></div>'


def _sections(article: Article, base: str) -> str:
    labels = "".join(
        f'<a href="{base}{section_path(slug, article.language)}"><div class="post_categoty">'
        f"{escape(_section_text(article, slug), quote=False)}</div></a>"
        for slug in article.sections
    )
    shown = "" if article.section_text == "" else labels
    return f'{shown}<div class="post_sizes"><span class="plus">A+</span> <span class="minus">A-</span></div>'


def _section_text(article: Article, slug: str) -> str:
    if article.section_text is not None:
        return article.section_text
    return section_label(slug, article.language).upper()


def _title(article: Article) -> str:
    title, subtitle = escape(article.title, quote=False), escape(article.subtitle, quote=False)
    if not subtitle:
        return f'<h1 class="post_title">{title}</h1>'
    tag = article.subtitle_tag
    joined = {"": f" {subtitle}", "br": f"<br>{subtitle}"}.get(tag, f"<{tag}>{subtitle}</{tag}>")
    return f'<h1 class="post_title">{title}{joined}</h1>'


def _views(article: Article) -> str:
    return written_views(article.views, article.language) if article.views_text is None else article.views_text


def _element(name: str, text: str) -> str:
    return f'<div class="{name}">{escape(text, quote=False)}</div>' if text else ""


def _share() -> str:
    return (
        '<div class="share"><span>share-line</span><p>Liked the story? Share it on social media!</p>'
        '<a href="#print">print</a><a href="#copy">copy link</a><p>Ссылка скопирована</p></div>'
    )


def _linked(article: Article, root: str, inner: str) -> str:
    return f'<a href="{root}{escape(article.path)}">{inner}</a>\n' if article.card_link else inner


def _card_section(article: Article, slug: str, root: str) -> str:
    label = escape(section_label(slug, article.language).upper())
    link = f"{root}{section_path(slug, article.language)}"
    return f'<a href="{link}"><div class="float_block_category">{label}</div></a>'


def body(blocks: Iterable[Block | str], base: str) -> str:
    """The inside of a `.post_body`."""
    settled = (Block(BlockKind.PARAGRAPH, (block,)) if isinstance(block, str) else block for block in blocks)
    return "\n".join(_BLOCKS[block.kind](block.texts, base) for block in settled)


def _wrapped(tag: str, texts: Iterable[str]) -> str:
    return "".join(f"<{tag}>{escape(text, quote=False)}</{tag}>" for text in texts)


def _picture(texts: tuple[str, ...], base: str) -> str:
    path, lazy = texts
    source = f'src="{base}/templates/Default/api/blank.png" data-src' if lazy else "src"
    return f'<img {source}="{base}{escape(path)}" alt="">'


def _banner(texts: tuple[str, ...]) -> str:
    link = '<a href="https://ads.example/"><img src="/media/b.webp" alt=""></a>'
    return f'<div class="banner">{link}{_wrapped("p", texts)}</div>'


_BLOCKS: Mapping[BlockKind, Callable[[tuple[str, ...], str], str]] = {
    BlockKind.PARAGRAPH: lambda texts, base: _wrapped("p", texts),
    BlockKind.HEADING: lambda texts, base: _wrapped("h3", texts),
    BlockKind.QUOTE: lambda texts, base: f"<blockquote>{_wrapped('p', texts)}</blockquote>",
    BlockKind.NUMBERED: lambda texts, base: f"<ol>{_wrapped('li', texts)}</ol>",
    BlockKind.BULLETS: lambda texts, base: f"<ul>{_wrapped('li', texts)}</ul>",
    BlockKind.BANNER: lambda texts, base: _banner(texts),
    BlockKind.SCRIPT: lambda texts, base: f"<script>{texts[0]}</script>",
    BlockKind.FRAME: lambda texts, base: f'<iframe src="{escape(texts[0])}" allowfullscreen></iframe>',
    BlockKind.AD: lambda texts, base: '<ins class="adsbygoogle" data-ad-slot="1">реклама</ins>',
    BlockKind.PICTURE: _picture,
    BlockKind.ZOOM: lambda texts, base: f'<img class="zoom" src="{base}/templates/Default/api/zoom.png" alt="">',
    BlockKind.RAW: lambda texts, base: texts[0],
}
