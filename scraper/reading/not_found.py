"""Recognize a page that says with status 200, in the template of articles, that there is no article."""

from __future__ import annotations

import re

from scraper.parsing.source_urls import SourceUrls
from storage.model.urls import canonicalize

_PAGE = r"(?:page|article|post|story|content|document|url|link|address)"
_STRANITSA = r"(?:страниц[аы]|стать[яи]|материал|новост[ьи]|публикаци[яи]|документ|запись)"
_PHRASES = (
    (
        rf"(?:(?:the|this|that|your|requested)\s+)*{_PAGE}\s+(?:you\s+(?:(?:are|were)\s+looking\s+for|requested)\s+)?"
        r"(?:(?:was|is|could|can|does|has)\s+)?(?:not|can't|cannot|couldn't|isn't|wasn't|doesn't|no\s+longer)\s+"
        r"(?:be\s+|been\s+)?(?:found|located|exists?|available)"
    ),
    rf"(?:(?:the|this|that|your|requested)\s+)*{_PAGE}\s+has\s+been\s+(?:removed|deleted)",
    r"(?:nothing|not)\s+found",
    (
        rf"(?:запрашиваемая\s+|запрошенная\s+|такая\s+|такой\s+|данная\s+|эта\s+)?{_STRANITSA}\s+(?:вами\s+)?"
        r"не\s+(?:найден[ао]?|существует|доступн[ао]?)(?:\s+или\s+(?:был[ао]?\s+)?удал[её]н[ао]?)?"
    ),
    rf"(?:такой\s+)?{_STRANITSA}\s+нет",
    r"(?:ничего\s+)?не\s+найдено",
    r"(?:axtardığınız\s+|bu\s+)?(?:səhifə|məqalə|xəbər|material)\s+(?:tapılmadı|tapılmayıb|mövcud\s+deyil|yoxdur)",
    r"(?:aradığınız\s+|bu\s+)?(?:sayfa|haber|içerik|makale)\s+(?:bulunamadı|mevcut\s+değil|yok)",
    (
        r"(?:die\s+|diese\s+)?(?:seite|artikel|der\s+artikel|dieser\s+artikel)\s+(?:wurde\s+|konnte\s+)?(?:leider\s+)?"
        r"(?:nicht\s+(?:gefunden|vorhanden|verfügbar)|existiert\s+nicht)(?:\s+werden)?"
    ),
    (
        r"(?:la\s+|cette\s+|l')?(?:page|article)\s+(?:demandée?\s+)?(?:non\s+trouvée?|introuvable|n'existe\s+(?:pas|plus)|"
        r"n'a\s+pas\s+été\s+trouvée?)"
    ),
    (
        r"(?:la\s+)?(?:página|noticia|el\s+artículo|artículo)\s+(?:solicitad[ao]\s+)?(?:no\s+(?:encontrad[ao]|existe|"
        r"disponible|se\s+encuentra|ha\s+sido\s+encontrad[ao]|fue\s+encontrad[ao]))"
    ),
    r"(?:la\s+)?pagina\s+(?:non\s+(?:trovata|esiste|disponibile|è\s+stata\s+trovata)|inesistente)",
    r"(?:a\s+)?(?:página|notícia)\s+não\s+(?:encontrada|existe|foi\s+encontrada)",
    r"(?:strona|artykuł)\s+nie\s+(?:została\s+znaleziona|znalezion[ao]|istnieje)",
    r"(?:nie\s+znaleziono)\s+(?:strony|artykułu)",
    r"сторінк[аиу]\s+не\s+(?:знайдено|існує)|сторінка\s+відсутня",
    r"գտնված\s+չէ|էջը\s+(?:չի\s+գտնվել|գտնված\s+չէ|գոյություն\s+չունի)",
    r"გვერდი\s+(?:ვერ\s+მოიძებნა|არ\s+მოიძებნა|არ\s+არსებობს)",
    r"(?:الصفحة|المقال)\s+غير\s+(?:موجودة?|متوفرة?)|لم\s+يتم\s+العثور\s+على\s+الصفحة",
    r"صفحه\s+(?:مورد\s+نظر\s+)?(?:یافت|پیدا)\s+نشد",
    r"(?:页面|頁面|文章|网页)(?:不存在|未找到|找不到)|找不到(?:页面|頁面|网页)|ページが見つかりません(?:でした)?",
)
_SAYS_SO = re.compile("|".join(f"(?:{phrase})" for phrase in _PHRASES))
_NUMBER = re.compile(
    r"(?:(?:http|error|ошибка|xəta|hata|fehler|erreur|errore?|erro|błąd|помилка|page|code|код|status)\s+)*404"
    r"(?:\s+(?:error|ошибка|xəta|hata|fehler|page|not\s+found))*"
)
_POLITE = re.compile(
    r"^(?:(?:oops|sorry|we'?re\s+sorry|error|ой|упс|извините|ошибка|xəta|bağışlayın|hata|üzgünüz|fehler|leider|désolé"
    r"|lo\s+sentimos|ops)\s+)+"
)
_SEPARATOR = re.compile(r"\s*(?:[|»«•·–—]|::|\s-\s|(?<!\w)-|-(?!\w)|[:.!?…])\s*")
MAX_TITLE_LENGTH = 120
"""Characters of a longest title that is examined; the pages are short of words."""


def says_not_found(title: str, *names: str) -> bool:
    """Return whether a title is nothing but a message that the page was not found, in a language of many.

    `names` are the site's own, which titles often end with. A headline that tells more is none: "Missing jet not
    found".
    """
    if len(title) > MAX_TITLE_LENGTH:
        return False
    folded = title.casefold().replace("\u2019", "'")
    for name in names:
        folded = folded.replace(name.casefold(), "|")
    parts = [" ".join(part.replace(",", " ").split()) for part in _SEPARATOR.split(folded)]
    told = [_POLITE.sub("", f"{part} ").strip() for part in parts]
    told = [part for part in told if part]
    return bool(told) and all(_NUMBER.sub("", part).strip() == "" or _is_message(part) for part in told)


def _is_message(part: str) -> bool:
    return _SAYS_SO.fullmatch(_NUMBER.sub("", part).strip()) is not None


def is_home_page(url: str, urls: SourceUrls) -> bool:
    """Return whether a URL is the home page of the source, or that of one of its languages."""
    canonical = canonicalize(url)
    if canonical is None or not urls.is_same_site(canonical):
        return False
    path = canonical.partition("://")[2].partition("/")[2].partition("?")[0]
    return path in {"", "index.html", "index.php", *urls.source.languages, urls.source.default_language}
