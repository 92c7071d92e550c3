"""List the labels that news sites print before authors, photographers, counts of views and adverts, by language.

Words are separated by spaces; `_` is a space inside a phrase, `*` any ending, `'` any apostrophe. A label is one of its
language alone: "text" stands before an author on a Swedish page, and before nothing on an English one; but no language
is asked for, because few pages print a label of another, and fewer state their language rightly.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import NamedTuple


class Labels(NamedTuple):
    """Labels of one language."""

    by: str = ""  # before an author, with a space alone: "By Ann Lee"
    authors: str = ""  # before an author, with a colon: "Text: Ann Lee"
    pictures: str = ""  # before somebody who wrote nothing: "Photo: Ann Lee"
    views: str = ""  # beside a count: "3304 views", "Views: 3304"
    times: str = ""  # behind the count in a sentence: "read 3304 times"


LABELS: Mapping[str, Labels] = {
    "en": Labels(
        "by written_by words_by posted_by published_by reported_by article_by story_by text_by report_by analysis_by"
        " review_by interview_by opinion_by",
        "author authors by-line byline reporter reporters writer writers correspondent correspondents words text",
        "photo photos photo_by photos_by photograph photographs photographer photographers photography picture pictures"
        " image images illustration illustrations graphic graphics video videos",
        "view views page_views pageviews hits read reads viewed number_of_views",
        "time times",
    ),
    "ru": Labels(
        "автор авторы автора автори авторка авторки автор_статьи автор_текста автор_материала автор_новости"
        " авторы_статьи авторы_текста авторы_материала подготовил подготовила подготовили",
        "текст материал корреспондент",
        "фото автор_фото фотограф фотографии снимки видео иллюстрация иллюстрации коллаж",
        "просмотр* просм. просм прочитан* прочитал* прочтени* количество_просмотров число_просмотров",
        "раз раза",
    ),
    "uk": Labels(
        "автор_статті автор_матеріалу підготував підготувала підготували",
        "кореспондент",
        "світлини світлина відео",
        "перегляд* переглянут* кількість_переглядів",
        "разів",
    ),
    "be": Labels("аўтар аўтары аўтарка", "тэкст", "фота", "прагляд*", "разоў"),
    "bg": Labels("", "", "снимка снимки", "видян* прегледа преглеждания прегледи", "пъти"),
    "mk": Labels("", "пишува", "", "прегледи", "пати"),
    "sr": Labels(
        "autori аутор аутори", "piše pišu пише пишу", "fotografija фотографија", "pregled* преглед*", "puta пута"
    ),
    "az": Labels(
        "müəllif müəlliflər müəllifi",
        "mətn hazırladı yazdı",
        "fotolar şəkil foto_müəllifi",
        "baxış* baxıldı baxılıb oxunma* oxunub oxundu oxunuş* baxış_sayı oxunma_sayı",
        "dəfə",
    ),
    "tr": Labels(
        "",
        "yazar yazan muhabir haber metin",
        "fotoğraf fotoğraflar foto_muhabiri",
        "görüntülen* okunma* okundu izlenme* görüntülenme_sayısı okunma_sayısı",
        "kez defa",
    ),
    "ka": Labels(
        "ავტორი ავტორები",
        "ტექსტი ჟურნალისტი მოამზადა",
        "ფოტო ფოტოები ფოტოგრაფი ვიდეო",
        "ნახვ* ნანახია წაკითხვ* წაკითხულია ნახვების_რაოდენობა",
        "ჯერ",
    ),
    "hy": Labels(
        "հեղինակ հեղինակներ",
        "տեքստ տեքստը",
        "լուսանկար լուսանկարներ լուսանկարը լուսանկարները լուսանկարիչ ֆոտո տեսանյութ",
        "դիտում* դիտված դիտվել_է ընթերցում* դիտումների_քանակը",
        "անգամ",
    ),
    "uz": Labels(
        "muallif mualliflar муаллиф муаллифлар",
        "matn muxbir мухбир",
        "surat surat_muallifi сурат",
        "ko'rish* ko'rildi o'qildi ko'rilgan кўрилди кўришлар ўқилди",
        "marta марта",
    ),
    "kk": Labels("", "мәтін", "сурет", "қаралды қаралым* қаралу* оқылды көрілді", "рет"),
    "ky": Labels("", "", "сүрөт", "көрүлдү көрүүлөр окулду", "жолу"),
    "tg": Labels("муаллифон", "матн", "акс", "тамошо* хонда_шуд", "маротиба бор"),
    "fa": Labels("نویسنده نویسندگان به_قلم", "متن خبرنگار", "عکس عکاس عکس_ها", "بازدید تعداد_بازدید", "بار"),
    "ar": Labels(
        "بقلم كتب كتبت كتبه",
        "الكاتب الكاتبة المؤلف إعداد تحرير",
        "تصوير صورة الصورة عدسة",
        "مشاهد* مشاهدات قراءة قراءات المشاهدات عدد_المشاهدات عدد_القراءات",
        "مرة مرات",
    ),
    "he": Labels("מאת", "", "צילום צילומים", "צפיות", "פעמים"),
    "de": Labels(
        "von autor autorin autoren autorinnen",
        "text texte protokoll",
        "foto fotos fotograf fotografin bild bilder illustration illustrationen grafik",
        "aufrufe gelesen seitenaufrufe klicks anzahl_der_aufrufe",
        "mal",
    ),
    "fr": Labels(
        "par auteur auteurs propos_recueillis_par écrit_par publié_par",
        "texte textes",
        "crédit_photo crédits_photo photographie photographies photographe vidéo",
        "vues vue lectures lecture lu nombre_de_vues",
        "fois",
    ),
    "es": Labels(
        "por autora autores autoras escrito_por publicado_por",
        "texto textos firma",
        "fotografía fotografías fotógrafo fotógrafa imagen imágenes ilustración ilustraciones",
        "vistas vista visitas visita lecturas visualiza* leído leída visto vista número_de_visitas",
        "veces vez",
    ),
    "pt": Labels(
        "publicada_por",
        "reportagem",
        "fotógrafo fotógrafa imagem imagens ilustração",
        "visualiza* acessos leituras leitura lida lido visualizado número_de_visualizações",
        "vezes",
    ),
    "it": Labels(
        "scritto_da pubblicato_da autore autrice a_cura_di",
        "di da testo testi",
        "immagine immagini fotografie",
        "letture lettura visite visualizza* letto",
        "volte",
    ),
    "ca": Labels("per", "", "imatge", "visites llegit", "vegades"),
    "nl": Labels("door", "tekst", "beeld foto's fotografie fotograaf", "bezoeken weergaven gelezen", "keer"),
    "pl": Labels(
        "przez autorka autorzy",
        "tekst opracował opracowała oprac oprac.",
        "fot fot. zdjęcie zdjęcia",
        "odsłon* wyświetle* wyświetlono przeczytano odczytano",
        "razy",
    ),
    "cs": Labels("autoři autorky", "", "snímek", "zobrazení přečteno přečten* zhlédnutí", "krát"),
    "sk": Labels("autorky", "", "snímka", "zobrazení zobrazené prečítané", "krát"),
    "hu": Labels("szerző szerzők írta", "szöveg", "fotó fotók kép képek", "megtekintés* olvasás*", "alkalommal"),
    "ro": Labels("autoare autori scris_de", "de", "fotografii", "vizualiz* citiri accesări afișări", "ori"),
    "sv": Labels("", "av skribent", "bild bilder fotografi", "visningar", "gånger"),
    "nb": Labels("", "af tekst skrevet_av", "fotos", "visninger", "ganger gange"),
    "fi": Labels("", "teksti kirjoittaja toimittaja", "kuva kuvat", "lukukert* katselukert* luettu", "kertaa"),
    "et": Labels("", "", "fotod", "vaatami* loetud", "korda"),
    "lv": Labels("autors autore", "teksts", "attēls", "skatīj* skatīt* lasīts", "reizes"),
    "lt": Labels("autorius autorė", "tekstas", "nuotrauka nuotraukos", "peržiūr* skaityta", "kartus kartų"),
    "el": Labels(
        "", "συντάκτης συντάκτρια κείμενο γράφει γράφουν", "φωτογραφία φωτογραφίες φωτό", "προβολ* αναγνώσ*", "φορές"
    ),
    "sq": Labels("nga shkruar_nga", "autori", "", "shikime lexuar", "herë"),
    "id": Labels("oleh", "penulis", "gambar", "dilihat dibaca tayangan", "kali"),
    "vi": Labels("", "tác_giả", "ảnh", "lượt_xem lượt_đọc", "lần"),
    "zh": Labels("", "作者 文 撰文 记者 記者", "摄影 攝影 图 圖 图片 圖片", "浏览* 瀏覽* 阅读* 閱讀* 閲讀*", "次"),
    "ja": Labels("", "著者 執筆 筆者", "写真 撮影", "閲覧 閲覧数", "回"),
    "ko": Labels("", "기자 글", "사진", "조회 조회수", "회"),
}
"""By ISO 639 code; a word that two languages share stands in one of them."""

ADVERTS: Mapping[str, str] = {
    "en": "advertisement advertisements advertising advert ad ads sponsored sponsored_content"
    " (?:article|story)_continues_(?:below|after)_(?:this_)?(?:advertisement|ad)"
    " advertisement_(?:scroll_to_continue|continue_reading.*)",
    "ru": "реклама рекламный_блок на_правах_рекламы",
    "be": "рэклама",
    "az": "reklam reklamlar",
    "ka": "რეკლამა",
    "hy": "գովազդ",
    "kk": "жарнама",
    "uz": "reklama",
    "ar": "إعلان إعلانات اعلان",
    "fa": "تبلیغات آگهی",
    "he": "פרסומת",
    "de": "werbung anzeige anzeigen ende_der_werbung",
    "fr": "publicité la_suite_après_(?:la|cette)_publicité",
    "es": "publicidad",
    "pt": "publicidade anúncio continua_(?:após|depois)_(?:a|da)_publicidade",
    "ca": "publicitat",
    "it": "pubblicità",
    "nl": "advertentie advertenties",
    "hu": "hirdetés reklám",
    "ro": "publicitate",
    "sv": "annons annonser",
    "nb": "annonse annonsørinnhold annonce",
    "fi": "mainos",
    "et": "reklaam",
    "lv": "reklāma",
    "el": "διαφήμιση",
    "id": "iklan",
    "vi": "quảng_cáo",
    "zh": "广告 廣告",
    "ja": "広告 スポンサーリンク",
    "ko": "광고",
}
"""Lines that stand where an advert is shown, by ISO 639 code, each as an expression in which `_` is a space."""

COLON = r"[:|：՝։׃]"
"""Marks behind a label: also that of wide characters, of Armenian and of Hebrew."""

_JOIN = r"(?:/|&|\+|,|(?<=\s)(?:and|und|et|y|e|i|og|och|en|и|та|və|ve|և|და)(?=\s))"

AUTHOR_CLASSES = (
    *("author", "autor", "auteur", "autore", "avtor", "muellif", "muallif", "yazar", "assinatura", "firma", "firmante"),
    *("byline", "by-line", "writer", "reporter", "redator", "skribent", "forfatter", "schreiber", "szerzo"),
    *("tacgia", "tac-gia", "penulis", "syntaktis"),
)
"""Words in class names of bylines."""


_COLON = re.compile(COLON)


def has_colon(text: str) -> bool:
    """Return whether a text may have a label with its colon."""
    return _COLON.search(text) is not None


def _pattern(words: Iterable[str]) -> str:
    """Return the expression of words, the longest first, so that a phrase comes before its first word."""
    found = sorted({word for of_language in words for word in of_language.split()}, key=lambda word: (-len(word), word))
    escaped = (re.escape(word).replace("_", r"\s+").replace(r"\*", r"\w*").replace("'", "['’‘ʻʼ`]") for word in found)
    return f"(?:{'|'.join(escaped)})"


@cache
def byline_start() -> re.Pattern[str]:
    """Return the expression of a label of authors at the start of a byline, with what divides it from the names."""
    by = _pattern(one.by for one in LABELS.values())
    authors = _pattern(one.authors for one in LABELS.values())
    return re.compile(rf"\A(?:{by}(?:\s*{COLON}\s*|\s+)|{authors}\s*{COLON}\s*)", re.IGNORECASE)


@cache
def byline_label() -> re.Pattern[str]:
    """Return the expression of a label with its colon in a byline, such as "Text and photos:", as the group `label`."""
    one = _pattern(f"{one.by} {one.authors} {one.pictures}" for one in LABELS.values())
    return re.compile(rf"(?<![\w'’-])(?P<label>{one}(?:\s*{_JOIN}\s*{one})*)\s*{COLON}\s*", re.IGNORECASE)


@cache
def _author_label() -> re.Pattern[str]:
    authors = _pattern(f"{one.by} {one.authors}" for one in LABELS.values())
    return re.compile(rf"(?:\A|.*{_JOIN})\s*{authors}(?:\Z|\s*{_JOIN}.*)", re.IGNORECASE)


def is_of_authors(label: str) -> bool:
    """Return whether a label is one of authors, of them and photographers, or of photographers alone."""
    return _author_label().fullmatch(label) is not None


@cache
def picture_in_brackets() -> re.Pattern[str]:
    """Return the expression of a role of photographers in brackets, which stands behind their names."""
    return re.compile(rf"[(\[]\s*{_pattern(one.pictures for one in LABELS.values())}\s*[)\]]", re.IGNORECASE)


def views_pattern() -> str:
    """Return the expression of a label of views."""
    return _pattern(one.views for one in LABELS.values())


def times_pattern() -> str:
    """Return the expression of the word for times that a count of reads has behind it in a sentence."""
    return _pattern(one.times for one in LABELS.values())


@cache
def advert_line() -> re.Pattern[str]:
    """Return the expression of a line that only labels an advert."""
    words = "|".join(word for of_language in ADVERTS.values() for word in of_language.split())
    return re.compile(rf"[\W_]*(?:{words.replace('_', chr(92) + 's+')})[\W_]*", re.IGNORECASE)
