"""Bylines with the labels of many languages; photographers beside them, who are no authors."""

from __future__ import annotations

import pytest

from scraper.reading.authors import names_of
from scraper.reading.labels import LABELS
from tests.scraper.reading.test_page_fields import H1, OG, read

NAME = "Ann Lee"


@pytest.mark.parametrize(
    "line",
    [
        *("Texto: {}", "Text: {}", "Texte : {}", "Автор: {}", "Автор {}", "ავტორი: {}", "Müəllif: {}", "Yazar: {}"),
        *("Por {}", "Par {}", "Von {}", "Door {}", "Հեղինակ՝ {}", "Muallif: {}", "نویسنده: {}", "كتب {}", "بقلم: {}"),
        *("Piše: {}", "Szerző: {}", "Autors: {}", "Συντάκτης: {}", "Oleh: {}", "作者：{}", "מאת {}", "Аўтар: {}"),
        *("Text: {}, Foto: Bo Wu", "{} / Foto: Bo Wu", "Фото: Bo Wu, текст: {}", "Texto: {} | Fotos: Bo Wu"),
        *("Text und Fotos: {}", "Text & photos: {}", "{} (Text) und Bo Wu (Fotos)", "Müəllif: {}, Foto: Bo Wu"),
        *("ავტორი: {}; ფოტო: Bo Wu", "Հեղինակ՝ {}, լուսանկարը՝ Bo Wu", "Par {} (texte) et Bo Wu (photos)"),
    ],
)
def test_a_byline_names_who_wrote(line: str) -> None:
    assert names_of([line.format(NAME)], ()) == (NAME,)


@pytest.mark.parametrize(
    "line",
    [
        "Foto: {}",
        "Fotos: {}",
        "Photo: {}",
        "Photo by: {}",
        "Фото: {}",
        "Fotoğraf: {}",
        "ფოტო: {}",
        "عکس: {}",
        "Fot.: {}",
    ],
)
def test_a_photographer_is_no_author(line: str) -> None:
    assert names_of([line.format(NAME)], ()) == ()


def test_every_label_is_read_in_its_language() -> None:
    for code, labels in LABELS.items():
        for word in f"{labels.by} {labels.authors}".split():
            assert names_of([f"{word.replace('_', ' ').capitalize()}: {NAME}"], ()) == (NAME,), (code, word)
        for word in labels.by.split():
            assert names_of([f"{word.replace('_', ' ').capitalize()} {NAME}"], ()) == (NAME,), (code, word)
        for word in labels.pictures.split():
            assert names_of([f"{word.replace('_', ' ').capitalize()}: {NAME}"], ()) == (), (code, word)


@pytest.mark.parametrize(
    "name", ["assinatura", "firma", "nota-firma", "autor", "muellif", "article__muallif", "yazar_adi"]
)
def test_a_class_of_bylines_in_another_language_is_one(name: str) -> None:
    assert read(OG, f"{H1}<p class='{name}'>{NAME}</p>").article.authors == (NAME,)


@pytest.mark.parametrize("name", ["confirmation", "firmware", "foto-autor", "photo-firma"])
def test_a_class_that_only_contains_such_a_word_is_none(name: str) -> None:
    assert read(OG, f"{H1}<p class='{name}'>{NAME}</p>").article.authors == ()


@pytest.mark.parametrize(
    "markup",
    [
        f"<p>Автор: {NAME}</p>",
        f"<p><b>Texto:</b> {NAME}</p>",
        f"<p><b>Müəllif</b>: {NAME}</p>",
        f"<p><span>Foto: Bo Wu</span></p><p>Text: {NAME}</p>",
    ],
)
def test_a_labelled_name_without_a_class_is_the_author(markup: str) -> None:
    assert read(OG, f"<article>{H1}{markup}</article>").article.authors == (NAME,)


@pytest.mark.parametrize(
    "markup",
    [
        f"<p>Foto: {NAME}</p>",
        "<p>Text: see below</p>",
        "<p>Автор: редакция</p>",
        f"<div class=comments><p>Автор: {NAME}</p></div>",
        f"<aside><p>Автор: {NAME}</p></aside>",
        f"<p>The text: {NAME} said so</p>",
    ],
)
def test_a_label_of_something_else_names_no_author(markup: str) -> None:
    assert read(OG, f"<article>{H1}{markup}</article>").article.authors == ()
