"""The scraper and a filter normalize a section alike."""

from __future__ import annotations

import pytest

from storage.articles.filters import ArticleFilter
from storage.text.section_names import MAX_SECTION_LENGTH, normalize_section
from tests.storage.saving.test_saving import save
from tests.support.rows import Rows


@pytest.mark.parametrize(
    ("label", "normal"),
    [
        (" POLITICS\u00a0", "politics"),
        ("SİYASƏT", "siyasət"),
        ("По\u00adлитика", "политика"),  # a soft hyphen
        ("poli\u200btics", "politics"),  # a zero-width space
        ("\ufeffpoli\u2060tics\x07", "politics"),
        ("a" * 300, "a" * MAX_SECTION_LENGTH),
    ],
)
def test_what_is_stored_is_found_by_either_form(rows: Rows, label: str, normal: str) -> None:
    assert normalize_section(label) == normalize_section(normal) == normal
    saved = save(rows, 0, section=normalize_section(label), sections=(normalize_section(label),))
    for asked in (label, normal):
        assert [article.id for article in rows.store.articles.find(ArticleFilter(section=asked))] == [saved.article_id]
