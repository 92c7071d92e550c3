"""Parse markup into a tree as browsers do, and select elements by CSS.

Lexbor's nodes belong to their parser, which the tree and each node keep alive.
"""

from __future__ import annotations

from functools import cached_property
from urllib.parse import urljoin

from selectolax.lexbor import LexborDocumentOptions, LexborHTMLParser, LexborNode

from scraper.parsing.markup_limits import check_markup

MAX_TEMPLATES = 200
"""Maximum templates of one page that are searched."""

_SHADOW_ROOT = "shadowrootmode"
_STATEMENTS = "base[href], template, title, meta, link[rel], script[type*='json' i]"

# glibc gives the memory of a freed tree back to the system and asks for it again with the next page: 124 page faults,
# which take as long as parsing 65 KB. A larger block that is freed once raises both of its thresholds (mallopt(3),
# M_MMAP_THRESHOLD); other allocators do nothing. A process keeps at most twice this size for it.
_KEPT_SIZE = 4_000_000
bytearray(_KEPT_SIZE)


class HtmlTree:
    """Tree of one page. `root` is its `html` element, which the parser adds where markup has none.

    `statements` are the elements by which a page describes itself, in page order: base, title, meta, link and JSON.
    """

    def __init__(self, markup: bytes) -> None:
        """Parse markup in UTF-8. Raises MarkupLimitError."""
        # NUL is no character of a page, but Lexbor keeps it in some places as U+FFFD.
        markup = markup.replace(b"\0", b"") if b"\0" in markup else markup
        check_markup(markup)
        # Without events, which copy the selected option of each select.
        self.parser = LexborHTMLParser(markup, options=LexborDocumentOptions.WO_EVENTS)
        root = self.parser.root
        if root is None:
            raise ValueError("a page without an element")
        self.root: LexborNode = root
        # In one pass: a search of the markup takes as long for each name.
        found = root.css(_STATEMENTS)
        self.statements = [node for node in found if node.tag != "template"]
        self._has_templates = len(self.statements) < len(found)

    def select(self, css: str, within: LexborNode | None = None) -> list[LexborNode]:
        """Return the elements that a CSS selector selects, in page order, each once.

        `within` limits them to an element and its descendants. The content of a template is not shown by browsers,
        unless it is a shadow root: that of others is searched only if nothing else is found.
        """
        scope = self.root if within is None else within
        found = scope.css(css)
        if self._has_templates and within is None:
            shadow, inert = self._templates
            found += [node for fragment in shadow for node in fragment.css(css)]
            found = found or [node for fragment in inert for node in fragment.css(css)]
        # An element is found once for each selector of a list that matches it.
        return list({node.mem_id: node for node in found}.values()) if "," in css and len(found) > 1 else found

    @cached_property
    def _templates(self) -> tuple[list[LexborNode], list[LexborNode]]:
        """The contents of templates: those that are shadow roots, and the others."""
        shadow: list[LexborNode] = []
        inert: list[LexborNode] = []
        pending = self.root.template_fragments()
        for fragment in pending:
            if len(shadow) + len(inert) == MAX_TEMPLATES:
                break
            host = fragment.parent
            (shadow if host is not None and is_shadow_root(host) else inert).append(fragment)
            pending += fragment.template_fragments()
        return shadow, inert

    def base_url(self, url: str) -> str:
        """Return the URL against which the page at `url` resolves its links: that of `<base href>`, if it has one."""
        for base in self.statements:
            href = attribute(base, "href") if base.tag == "base" else ""
            if href:
                return resolve(href, url) or url
        return url


def attribute(node: LexborNode, name: str) -> str:
    """Return the value of an attribute; empty if the element has none."""
    return node.attributes.get(name) or ""


def is_shadow_root(template: LexborNode) -> bool:
    """Return whether a browser shows the content of a template, as that of the element around it."""
    return _SHADOW_ROOT in template.attributes


def resolve(href: str, base: str) -> str | None:
    """Resolve a reference as browsers do, for which a backslash in a path is a slash; None if it is broken."""
    path, mark, rest = href.strip().partition("?")
    path, hash_mark, fragment = path.partition("#")
    try:
        return urljoin(base, "".join((path.replace("\\", "/"), hash_mark, fragment, mark, rest)))
    except ValueError:
        return None
