"""Normal form of section names: what the scraper stores and what a filter asks for are compared in it."""

from __future__ import annotations

import re
import unicodedata

from storage.model.article_fields import MAX_SECTION_LENGTH
from storage.text.sanitize import clean_text

_DOTTED_I = re.compile("i\u0307+")  # what casefold() makes of İ


def normalize_section(label: str) -> str:
    """Normalize a section's label or slug so that equal sections are equal texts.

    Without case, width, invisible characters and white space around; Azerbaijani and Turkish İ and ı both count as i,
    because capitals on a page may have been made by either rule. Hyphens stay: a slug and a label of two words are two
    names. Longer names are cut to MAX_SECTION_LENGTH: Unicode's normal forms cost the square of a pile of combining
    marks. Stable under repetition.
    """
    plain = unicodedata.normalize("NFKC", clean_text(label)[:MAX_SECTION_LENGTH]).casefold().replace("ı", "i")
    return clean_text(_DOTTED_I.sub("i", unicodedata.normalize("NFKC", plain))[:MAX_SECTION_LENGTH])
