"""Turn what a page or an address calls its language into a code of ISO 639-1."""

from __future__ import annotations

import re

# Two letters, as ISO 639-1 has them.
_TWO_LETTERS = (
    "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en"
    " eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv"
    " ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne"
    " ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st"
    " su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu"
)
_CODES = frozenset(_TWO_LETTERS.split())
# ISO 639-2 and -3, what sites make of them, names of countries that sites write instead, and names of languages.
_ALIASES = {
    "ar": "ara arabic",
    "az": "aze azj azb azer azeri azerbaijani aze-latn",
    "be": "bel by",
    "bg": "bul",
    "bn": "ben",
    "ca": "cat",
    "cs": "ces cze cz czech",
    "da": "dan dk",
    "de": "deu ger german deutsch",
    "el": "ell gre gr greek",
    "en": "eng english uk-en us gb",
    "es": "spa esp spanish",
    "et": "est",
    "fa": "fas per pes ir farsi persian prs",
    "fi": "fin",
    "fr": "fra fre french",
    "he": "heb iw hebrew",
    "hi": "hin hindi",
    "hr": "hrv",
    "hu": "hun",
    "hy": "hye arm armenian",
    "id": "ind in indonesian",
    "it": "ita italian",
    "ja": "jpn jap jp japanese",
    "ka": "kat geo ge georgian",
    "kk": "kaz kz qaz kazakh",
    "ko": "kor korean",
    "ku": "kur ckb kmr kurdish",
    "ky": "kir kgz kyrgyz",
    "lt": "lit",
    "lv": "lav",
    "mk": "mkd mac",
    "mn": "mon",
    "ms": "msa may",
    "nb": "nob",
    "nl": "nld dut",
    "no": "nor",
    "pl": "pol",
    "ps": "pus pashto",
    "pt": "por",
    "ro": "ron rum mo mol md",
    "ru": "rus russian",
    "sk": "slk slo",
    "sl": "slv",
    "sq": "sqi alb",
    "sr": "srp rs",
    "sv": "swe",
    "tg": "tgk taj tj",
    "th": "tha",
    "tk": "tuk tm",
    "tr": "tur turkish",
    "tt": "tat",
    "uk": "ukr ua ukrainian",
    "ur": "urd",
    "uz": "uzb uzbek uzn",
    "vi": "vie vn",
    "zh": "zho chi cn chinese cmn",
}
_CODE_OF = {alias: code for code, aliases in _ALIASES.items() for alias in aliases.split()}
_TAG = re.compile(r"[a-z]{2,12}", re.IGNORECASE)


def language_code(label: str) -> str | None:
    """Return the code of ISO 639-1 of a label such as `rus`, `en-GB`, `uk_UA` or `English`; None if it has none.

    What is a code of two letters stays that code, even if sites also use it for a country.
    """
    tag = _TAG.match(label.strip())
    if tag is None:
        return None
    word = tag[0].lower()
    return word if word in _CODES else _CODE_OF.get(word)
