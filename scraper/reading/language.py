"""Tell the language of an article: by what its page states, else by the letters and words of its text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from scraper.parsing.language_codes import language_code
from scraper.reading.candidates import Candidate, Grade
from scraper.reading.metadata import PageMetadata

LANGUAGE_METAS = (
    "og:locale",
    "content-language",
    "language",
    "inlanguage",
    "dc.language",
    "dcterms.language",
    "locale",
)
MIN_LETTERS = 40
"""Letters of a text that is long enough to tell its language."""
MAX_TEXT_LENGTH = 5_000
"""Characters of a text that are examined."""

_SCRIPTS = (
    ("hy", "\u0531-\u058a"),
    ("ka", "\u10a0-\u10ff\u1c90-\u1cbf"),
    ("he", "\u05d0-\u05ea"),
    ("el", "\u0370-\u03ff"),
    ("hi", "\u0900-\u097f"),
    ("bn", "\u0980-\u09ff"),
    ("pa", "\u0a00-\u0a7f"),
    ("gu", "\u0a80-\u0aff"),
    ("ta", "\u0b80-\u0bff"),
    ("te", "\u0c00-\u0c7f"),
    ("kn", "\u0c80-\u0cff"),
    ("ml", "\u0d00-\u0d7f"),
    ("si", "\u0d80-\u0dff"),
    ("th", "\u0e00-\u0e7f"),
    ("lo", "\u0e80-\u0eff"),
    ("my", "\u1000-\u109f"),
    ("km", "\u1780-\u17ff"),
    ("am", "\u1200-\u137f"),
    ("ko", "\uac00-\ud7af\u1100-\u11ff"),
    ("ja", "\u3040-\u30ff"),
    ("zh", "\u3400-\u9fff"),
    ("arabic", "\u0620-\u06ff\ufb50-\ufdff\ufe70-\ufeff"),
    ("cyrillic", "\u0400-\u052f"),
    ("latin", "a-zA-Z\u00c0-\u024f\u1e00-\u1eff"),
)
_SCRIPT = re.compile("|".join(f"(?P<{name}>[{letters}])" for name, letters in _SCRIPTS))
# Letters that tell languages of one script apart: the language whose letters are most of a text's telling ones.
_LETTERS = {
    "arabic": {"ur": "ٹڈڑںے", "ps": "ټډړښځڅ", "ckb": "ێۆڵڕ", "ug": "ۇۈۋې", "fa": "پچژگکی"},
    "cyrillic": {
        "uk": "іїєґ",
        "be": "ўі",
        "kk": "әғқңөұүһі",
        "ky": "ңөү",
        "tg": "ғӣқӯҳҷ",
        "uz": "ўқғҳ",
        "tt": "әөүҗңһ",
        "mn": "өү",
        "sr": "јљњћђџ",
        "mk": "јљњѓќѕџ",
    },
    "latin": {},
}
_WORDS = {
    "az": "və bu ilə ki üçün olan bir da də edib olub deyib görə sonra",
    "tr": "ve bir bu için ile olan da de olarak çok daha gibi ancak sonra kadar",
    "uz": "va bilan uchun bu bir ham bo'lgan edi bo'yicha haqida kerak o'z",
    "en": "the of and to in that is for was with on as by it from are this",
    "de": "der die das und ist nicht mit den von zu auf für ein eine im dem",
    "fr": "le la les des et une est dans pour que qui sur pas du avec au",
    "es": "el la los de que en las por con para una del se su al es",
    "pt": "de que não os uma em para com do da por as dos mais foi ao",
    "it": "di che il la non per una del con sono della è le gli nel alla",
    "ro": "de și în la că nu pe cu din pentru este care mai fost sunt",
    "nl": "de het een van en is dat niet op te zijn voor met die aan",
    "pl": "w i na z nie do się że to jest po przez od jak oraz",
    "cs": "a se na v je že s z do o pro by jsem jako ale",
    "sk": "a sa na v je že s z do o pre by ako ale som",
    "hu": "a az és hogy nem is egy meg ez van volt csak mint már",
    "sv": "och att det i på en som är för av med till inte den",
    "no": "og det i på en som er for av med til ikke har ble",
    "da": "og det i på en som er for af med til ikke har blev",
    "fi": "ja on ei se että oli hän mutta ovat myös kuin joka ole",
    "et": "ja on ei see et oli ta kui ka aga mis oma ning",
    "lv": "un ir ar par no uz kas ka nav bet tika arī pie",
    "lt": "ir yra kad į su iš tai kaip bet jis buvo apie nuo",
    "hr": "i je u na da se za su od će koji nije kao iz",
    "sl": "in je v na da se za so od bo ki ni kot iz",
    "sq": "të e në dhe që për me nga një është si do",
    "id": "yang dan di dengan untuk dari ini itu pada tidak dalam akan",
    "vi": "và của là có được không cho các trong một người những",
    "ca": "de la que i el en els per amb una les del és",
    "eu": "eta da ez du bat dute izan zen baina dira ere",
}
_WORDS_OF_CYRILLIC = {
    "ru": "и в не на что с по как это для из к но его",
    "bg": "и на да се за от е са не че с като по това",
}
_WORD = re.compile(r"[^\W\d_]+(?:['’ʻ][^\W\d_]+)?")


def language_candidates(metadata: PageMetadata, text: str) -> Iterator[Candidate[str]]:
    """Yield the languages that a page states and that of its text, as codes of ISO 639-1; "" for no language."""
    if metadata.lang:
        yield Candidate(language_code(metadata.lang) or "", "html lang", Grade.STATED)
    for content, provenance in (*metadata.article_texts("inLanguage"), *metadata.metas(*LANGUAGE_METAS)):
        yield Candidate(language_code(content) or "", provenance, Grade.STATED)
    yield Candidate(detect_language(text) or "", "text", Grade.GUESSED)


def detect_language(text: str) -> str | None:
    """Tell the language of a text by its script, its telling letters and its most frequent words; None if unsure."""
    sample = text[:MAX_TEXT_LENGTH]
    scripts = Counter(found.lastgroup for found in _SCRIPT.finditer(sample))
    if scripts.total() < MIN_LETTERS:
        return None
    if scripts["ja"] * 10 > scripts["zh"] + scripts["ja"] and scripts["ja"] > MIN_LETTERS // 10:
        return "ja"
    script = scripts.most_common(1)[0][0]
    if script == "latin":
        return _by_words(sample, _WORDS)
    if script in _LETTERS:
        return _by_letters(sample.lower(), str(script))
    return script


def _by_letters(text: str, script: str) -> str | None:
    """Return the language whose own letters a text has most of; the plain one of the script if it has hardly any."""
    counts = Counter(text)
    total = sum(count for letter, count in counts.items() if letter.isalpha())
    found = {name: sum(counts[letter] for letter in letters) for name, letters in _LETTERS[script].items()}
    best = max(found, key=lambda name: (found[name], -len(_LETTERS[script][name])))
    if 100 * found[best] < total:  # a name or a quotation
        return "ar" if script == "arabic" else _by_words(text, _WORDS_OF_CYRILLIC) or "ru"
    return "ku" if best == "ckb" else best


def _by_words(text: str, words: dict[str, str]) -> str | None:
    if words is _WORDS and 100 * text.lower().count("ə") > len(text):
        return "az"
    counts = Counter(_WORD.findall(text.lower()))
    scores = {name: sum(counts[word] for word in listed.split()) for name, listed in words.items()}
    (best, score), (_, second) = sorted(scores.items(), key=lambda item: -item[1])[:2]
    return best if score > second and 20 * score >= counts.total() else None
