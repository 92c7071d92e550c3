"""Tell the list of all news among the pages of a navigation, by its name in many languages or in its address."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache

from scraper.parsing.source_urls import slug_of
from scraper.site_discovery.home_page import NavigationLink

NAMES: Mapping[str, str] = {
    "en": "(?:(?:all|latest|last|recent|breaking|top|today|todays)_)?"
    "(?:news|latest|stories|headlines|newsfeed|feed|all|articles|posts|newsline|line)",
    "ru": "(?:(?:все|последние|лента)_)?(?:новости|лента|новостей) вся_лента lenta(?:_novostei)? (?:vse_)?novosti",
    "uk": "(?:(?:усі|всі|останні|стрічка)_)?(?:новини|стрічка|новин) (?:vsi_)?novyny novini",
    "be": "(?:усе_)?навіны",
    "bg": "(?:(?:всички|последни)_)?новини",
    "mk": "(?:(?:сите|најнови)_)?вести",
    "sr": "(?:(?:sve|najnovije)_)?(?:vesti|vijesti) (?:(?:све|најновије)_)?вести",
    "sl": "(?:zadnje_)?novice",
    "az": "(?:(?:bütün|son)_)?(?:xəbərlər|xeberler) (?:xəbər|xeber)_lenti lent",
    "tr": "(?:(?:tüm|son)_)?haber(?:ler)? son_dakika",
    "kk": "(?:(?:барлық|соңғы)_)?жаңалықтар",
    "ky": "(?:(?:бардык|акыркы)_)?жаңылыктар",
    "uz": "(?:(?:barcha|so_nggi|songgi)_)?yangiliklar (?:(?:барча|сўнгги)_)?янгиликлар",
    "tg": "(?:ҳама_)?хабарҳо",
    "ka": "(?:ყველა_)?(?:სიახლე(?:ები)?|ახალი_ამბები) siakhleebi",
    "hy": "(?:(?:բոլոր|վերջին)_)?(?:նորություններ|լուրեր)(?:ը)? լրահոս lurer lrahos",
    "fa": "(?:(?:آخرین|همه)_)?اخبار آخرین_خبرها",
    "ar": "(?:(?:آخر|كل|جميع)_)?(?:الأخبار|الاخبار)",
    "he": "(?:כל_)?החדשות חדשות מבזקים",
    "de": "(?:(?:alle|neueste|aktuelle)_)?(?:nachrichten|meldungen) newsticker ticker schlagzeilen",
    "fr": "(?:toutes_les_)?actualités toute_l_(?:actualité|actu|info) (?:dernières|toutes_les)_(?:nouvelles|infos)"
    " (?:fil|flux)_info en_continu",
    "es": "(?:(?:últimas|todas_las)_)?noticias (?:lo_)?último último_momento última_hora",
    "pt": "(?:(?:últimas|todas_as)_)?notícias",
    "it": "(?:(?:ultime|tutte_le)_)?notizie ultim_ora ultimora",
    "ca": "(?:(?:últimes|totes_les)_)?notícies última_hora",
    "nl": "(?:(?:laatste|alle)_)?nieuws net_binnen",
    "pl": "(?:(?:wszystkie|najnowsze)_)?(?:aktualności|wiadomości)",
    "cs": "(?:(?:všechny|nejnovější)_)?zprávy",
    "sk": "(?:(?:všetky|najnovšie)_)?správy",
    "hu": "(?:(?:friss|legfrissebb|összes)_)?hírek minden_hír",
    "ro": "(?:(?:ultimele|toate)_)?știri(?:le)?",
    "sq": "lajme(?:t_e_fundit)?",
    "el": "(?:(?:όλες_οι|τελευταίες)_)?ειδήσεις ροή(?:_ειδήσεων)? όλα_τα_νέα roi(?:_eidiseon)? eidiseis",
    "sv": "(?:(?:senaste|alla)_)?nyheter(?:na)? senaste_nytt",
    "nb": "siste(?:_nytt)? seneste(?:_nyt)? nyheder",
    "fi": "(?:(?:tuoreimmat|uusimmat|kaikki)_)?uutiset tuoreimmat uusimmat",
    "et": "(?:kõik_)?uudised",
    "lv": "(?:jaunākās_)?ziņas",
    "lt": "(?:(?:naujausios|visos)_)?(?:naujienos|žinios)",
    "id": "(?:berita_)?(?:terbaru|terkini) berita(?:_utama)? indeks(?:_berita)?",
    "vi": "tin_(?:mới(?:_nhất)?|tức)",
    "hi": "(?:ताज़ा|ताजा)_(?:खबरें|समाचार)",
    "zh": "最新(?:消息|新闻|新聞|文章)? (?:滚动|即时|即時)(?:新闻|新聞)? (?:全部)?(?:新闻|新聞)",
    "ja": "(?:最新)?ニュース(?:一覧)? 新着(?:記事|ニュース)?(?:一覧)? 速報",
    "ko": "(?:최신|전체)_?(?:기사|뉴스)(?:보기)?",
}
"""Names by ISO 639 code, each as an expression in which `_` is a space."""


def news_pages(navigation: Iterable[NavigationLink]) -> tuple[NavigationLink, ...]:
    """Return the pages of a navigation that are called like a list of all news, not of one section."""
    return tuple(link for link in navigation if _is_news(link.label) or _is_news(slug_of(link.url).partition(".")[0]))


def _is_news(name: str) -> bool:
    return _names().fullmatch(" ".join(re.split(r"[\s_'’‘ʻʼ-]+", _plain(name)))) is not None


@cache
def _names() -> re.Pattern[str]:
    names = "|".join(name.replace("_", " ") for of_language in NAMES.values() for name in of_language.split())
    return re.compile(_plain(names))


def _plain(text: str) -> str:
    """Return a text in lower case without accents: addresses have none."""
    split = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in split if not unicodedata.combining(letter))
