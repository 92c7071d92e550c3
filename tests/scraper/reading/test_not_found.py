"""Test that a page that says it was not found is told from an article, in many languages."""

from __future__ import annotations

import pytest

from scraper.parsing.source_urls import SourceUrls
from scraper.reading.not_found import is_home_page, says_not_found
from scraper.sources.caliber import SOURCE

MESSAGES = """
404
Error 404
404 - Page not found
Page Not Found - Caliber.Az
Sorry, the page you are looking for was not found.
Oops! That page can’t be found.
Sorry, this page isn't available
The page you requested could not be found
This article is no longer available
ERROR 404 — NOT FOUND
Страница не найдена
Caliber.Az — Материал не найден
Ошибка 404: страница не найдена
404. Страница не существует или удалена
Такой страницы нет
Səhifə tapılmadı
404 Səhifə tapılmadı | Caliber.Az
Sayfa bulunamadı
Die Seite wurde nicht gefunden
Page introuvable
Cette page n’existe pas
Página no encontrada
Pagina non trovata
Página não encontrada
Strona nie została znaleziona
Сторінку не знайдено
Էջը գտնված չէ
გვერდი ვერ მოიძებნა
الصفحة غير موجودة
صفحه مورد نظر یافت نشد
页面不存在
ページが見つかりません
"""
HEADLINES = """
Missing jet not found
Body of missing diplomat found
Document found
Post is available
Page removed
Not found in any archive: the treaty
Article 5 does not exist, says minister
404 dead in quake
Story of 404 soldiers
Nothing found in search of Baku offices
Page Six: star found
Пропавший самолёт не найден
Запись удалена из реестра
Страница истории: не найденные письма
Error
Caliber.Az
"""


def lines(text: str) -> list[str]:
    return text.strip().splitlines()


@pytest.mark.parametrize("title", lines(MESSAGES))
def test_a_message_is_no_headline(title: str) -> None:
    assert says_not_found(title, "Caliber.Az", "caliber")


@pytest.mark.parametrize("title", [*lines(HEADLINES), "Page not found " * 20])
def test_a_headline_is_no_message(title: str) -> None:
    assert not says_not_found(title, "Caliber.Az", "caliber")


@pytest.mark.parametrize(
    ("url", "is_home"),
    [
        ("https://caliber.az", True),
        ("http://www.caliber.az/?utm_source=x", True),
        ("https://caliber.az/en/", True),
        ("https://caliber.az/index.php", True),
        ("https://caliber.az/en/post/one", False),
        ("https://caliber.az/english", False),
        ("https://example.org/", False),
    ],
)
def test_a_home_page_is_known_by_its_url(url: str, is_home: bool) -> None:
    assert is_home_page(url, SourceUrls(SOURCE)) is is_home
