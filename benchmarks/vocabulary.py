"""Generate news text: English, Russian and Azerbaijani word forms with the frequencies of Zipf's law.

The frequent words are real; after them come invented stems with real endings, and after those invented names, so that
a text index has words of every article, of one of a thousand, and of one of a million.
"""

from __future__ import annotations

import random
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate

STEMS = 2_500
"""Number of invented stems a language; with the real words and all forms about ten thousand words."""
NAMES = 60_000
SLOTS = 1 << 16
"""Number of table entries; a word has as many as it is frequent, so drawing a word is drawing two bytes."""
ZIPF = 1.15
FLATTENED = 2.7
"""Shift of the Zipf-Mandelbrot law: a word of rank r has the frequency 1 / (r + 2.7)^1.15."""

ENGLISH_SMALL = """the of to and in a is that for on with as was by it at from he be has have this an are will not said
its which also their been were had after but they his who or more about between would new one over during we all other
up there two no than our first against under out into before through if can both such when her only could so while"""
ENGLISH = """country president minister government state nation party election parliament leader treaty talk border
region capital army force war peace conflict agreement statement meeting visit official ambassador embassy policy
sanction trade economy market bank price gas oil pipeline corridor route export import energy power company industry
project investment budget tax growth crisis project railway port airport road bridge city village family child school
university student teacher doctor hospital health court judge law right police prison security attack missile drone
soldier general defence weapon ally alliance union council committee commission report document decision proposal plan
programme reform protest opposition supporter candidate vote voter campaign newspaper journalist interview question
answer speech word letter message news source expert analyst history culture language church festival film music museum
sport team player match victory defeat summer winter climate water river sea mountain earthquake flood fire rescue
accept accuse agree allow announce appoint argue arrive ask attend build call cancel change claim close comment condemn
confirm consider continue cross deliver demand deny discuss end expect explain express follow gain happen help hold
hope increase inform insist join launch lead lift limit mention need note offer open order plan present prevent promise
propose protect publish reach receive recall reject release remain remind repeat return reveal sign start stress suggest
support threaten travel urge visit want warn welcome work"""
RUSSIAN_SMALL = """в и на что с по не к из о за для как это от он его а также у но до был было были мы они при после
более между которые который году их со же во или если этом только все так уже будет может под ее быть нет еще когда
сказал отметил сообщил заявил даже чтобы кто через против перед этого того лишь где тем"""
RUSSIAN_MASCULINE = """президент министр парламент договор визит вопрос регион район город народ лидер союз совет
процесс проект маршрут коридор транзит экспорт импорт рынок банк рост кризис бюджет налог закон суд эксперт журналист
источник конфликт мир фронт удар солдат генерал дрон состав орган форум саммит диалог посол документ план отчет протест
кандидат голос выбор завод порт аэропорт мост поезд фестиваль фильм музей матч игрок тренер врач студент климат пожар"""
RUSSIAN_FEMININE = """стран республик границ встреч сторон сил войн армi партi власт систем программ реформ политик
экономик компанi нефт цен торговл столиц област дорог школ больниц газет команд побед атак ракет оборон угроз санкцi
помощ реч слов вод рек гор зим школ культур истори наук"""
RUSSIAN_ADJECTIVE = """нов государственн международн региональн политическ экономическ военн совместн главн больш важн
последн мирн российск азербайджанск турецк европейск американск национальн общественн местн газов нефтян открыт"""
RUSSIAN_VERB = """заяви обсуди подписа поддержа предложи отмени нача продолжи увеличи сообщи провери получи измени
объяви встрети осуди подтверди откры приня обрати напомни"""
AZERBAIJANI_SMALL = """və bu ilə bir üçün də ki olan edib daha çox hər kimi sonra isə bildirib onun görə qeyd edir var
həm ya o nə ən isə lakin amma belə üzrə əsasən dair"""
AZERBAIJANI = """prezident nazir dövlət ölkə hökumət parlament seçki partiya sərhəd region şəhər kənd müqavilə danışıq
səfər görüş məsələ layihə iqtisadiyyat bazar bank qiymət qaz neft ixrac marşrut dəhliz enerji şirkət büdcə vergi qanun
məhkəmə polis ordu qüvvə əsgər müharibə sülh sanksiya hücum raket müdafiə ittifaq şura bəyanat sənəd qərar plan islahat
etiraz namizəd səs jurnalist müsahibə sual cavab söz xəbər mənbə ekspert tarix mədəniyyət dil film musiqi muzey idman
komanda oyunçu oyun qələbə iqlim su çay dəniz dağ yanğın məktəb universitet tələbə müəllim həkim xəstəxana uşaq"""

ENGLISH_ENDINGS = ("", "s", "ed", "ing", "er", "ers", "ment", "al")
MASCULINE = ("", "а", "у", "ом", "е", "ы", "ов", "ам", "ами", "ах")
FEMININE = ("а", "ы", "е", "у", "ой", "", "ам", "ами", "ах")
ADJECTIVE = ("ый", "ого", "ому", "ым", "ом", "ая", "ой", "ую", "ое", "ые", "ых", "ыми")
VERB = ("л", "ла", "ли", "ть", "т", "в", "вший", "вших")
AZERBAIJANI_ENDINGS = ("", "lar", "ların", "da", "dan", "ın", "ı", "a", "larda", "ları", "dır")

LATIN = ("bar", "den", "kor", "vel", "mar", "tis", "ran", "sol", "fen", "gar", "lin", "pro", "con", "tra", "mon", "cal")
CYRILLIC = ("бар", "ден", "кор", "вел", "мар", "тис", "ран", "сол", "фен", "гар", "лин", "про", "кон", "тра", "мон")
TURKIC = (
    "bar",
    "dən",
    "kor",
    "vəl",
    "mar",
    "tış",
    "ran",
    "sol",
    "fən",
    "qar",
    "lin",
    "çay",
    "kön",
    "yar",
    "ağa",
    "düz",
)

FOREIGN = str.maketrans(
    dict(
        zip("абвгдезийклмнопрстуфхыэəçşğıöü", "abvgdeziyklmnoprstufhyeecsgiou", strict=True),
        ж="zh", ц="ts", ч="ch", ш="sh", щ="sch", ъ="", ь="", ю="yu", я="ya", ё="e",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Language:
    """Hold the words and names of which a text is drawn."""

    drawn: tuple[str, ...]  # SLOTS words, each as often as it is frequent
    names: tuple[str, ...]  # the first ones are drawn most


def text(language: Language, dice: random.Random, count: int, topic: Sequence[str] = ()) -> str:
    """Generate paragraphs of `count` words; every eighth is of the topic, and a handful are names."""
    drawn = words(language, dice, count)
    if topic:
        drawn[3::8] = dice.choices(topic, k=len(drawn[3::8]))
    for _ in range(2 + count // 100):
        drawn[dice.randrange(count)] = name(language, dice)
    sentences, place = [], 0
    while place < count:
        until = place + dice.randrange(9, 24)
        sentence = " ".join(drawn[place:until])
        sentences.append(f"{sentence[0].upper()}{sentence[1:]}.")
        place = until
    return "\n\n".join(" ".join(sentences[start : start + 3]) for start in range(0, len(sentences), 3))


def line(language: Language, dice: random.Random, max_length: int, topic: Sequence[str]) -> str:
    """Generate a title of at most `max_length` characters in whole words, a name and the topic among them."""
    drawn = words(language, dice, 20)
    drawn[1::4] = dice.choices(topic, k=len(drawn[1::4]))
    drawn[2] = name(language, dice)
    whole = " ".join(drawn)[:max_length].rpartition(" ")[0]
    return f"{whole[0].upper()}{whole[1:]}"


def words(language: Language, dice: random.Random, count: int) -> list[str]:
    """Draw words by their frequency."""
    return [language.drawn[slot] for slot in array("H", dice.randbytes(2 * count))]


def name(language: Language, dice: random.Random) -> str:
    """Draw a name by Zipf's law: the power of a uniform share makes a rank as likely as one over it."""
    return language.names[int(NAMES ** dice.random()) - 1]


def topic_of(language: Language, number: int) -> list[str]:
    """Choose forty words of middling frequency that articles of one section have in common."""
    frequent = list(dict.fromkeys(language.drawn))
    return random.Random(number).sample(frequent[60:1200], 40)


@cache
def languages() -> dict[str, Language]:
    """Build the three vocabularies, the same at every call."""
    return {"en": _english(), "ru": _russian(), "az": _azerbaijani()}


def _english() -> Language:
    lexemes = [(word,) for word in ENGLISH_SMALL.split()]
    stems = [*ENGLISH.split(), *_invented(LATIN, 1)]
    forms = (_forms(stem, ENGLISH_ENDINGS) for stem in stems)
    return _language([*lexemes, *_shuffled(forms, len(ENGLISH.split()))], LATIN)


def _russian() -> Language:
    lexemes = [(word,) for word in RUSSIAN_SMALL.split()]
    real = [
        *(_forms(stem, MASCULINE) for stem in RUSSIAN_MASCULINE.split()),
        *(_forms(stem.replace("i", "и"), FEMININE) for stem in RUSSIAN_FEMININE.split()),
        *(_forms(stem, ADJECTIVE) for stem in RUSSIAN_ADJECTIVE.split()),
        *(_forms(stem, VERB) for stem in RUSSIAN_VERB.split()),
    ]
    kinds = (MASCULINE, FEMININE, ADJECTIVE, VERB)
    tail = (_forms(stem, kinds[place % 4]) for place, stem in enumerate(_invented(CYRILLIC, 2)))
    return _language([*lexemes, *_shuffled([*real, *tail], len(real))], CYRILLIC)


def _azerbaijani() -> Language:
    lexemes = [(word,) for word in AZERBAIJANI_SMALL.split()]
    stems = [*AZERBAIJANI.split(), *_invented(TURKIC, 3)]
    forms = (_forms(stem, AZERBAIJANI_ENDINGS) for stem in stems)
    return _language([*lexemes, *_shuffled(forms, len(AZERBAIJANI.split()))], TURKIC)


def _forms(stem: str, endings: Sequence[str]) -> tuple[str, ...]:
    return tuple(stem + ending for ending in endings)


def _shuffled(lexemes: Iterable[tuple[str, ...]], real: int) -> list[tuple[str, ...]]:
    """Shuffle the real words, which come first, so that their frequency does not follow their meaning."""
    every = list(lexemes)
    front = every[:real]
    random.Random(5).shuffle(front)
    return [*front, *every[real:]]


def _invented(syllables: Sequence[str], seed: int, count: int = STEMS, lengths: Sequence[int] = (2, 3)) -> list[str]:
    dice = random.Random(seed)
    found: dict[str, None] = {}
    while len(found) < count:
        found["".join(dice.choices(syllables, k=dice.choice(lengths)))] = None
    return list(found)


def _language(lexemes: Sequence[tuple[str, ...]], syllables: Sequence[str]) -> Language:
    weights: dict[str, float] = {}
    for rank, forms in enumerate(lexemes):
        for place, form in enumerate(forms):
            weights[form] = weights.get(form, 0) + (rank + FLATTENED) ** -ZIPF / (place + 1) ** 2
    return Language(_slots(weights), tuple(one.capitalize() for one in _invented(syllables, 9, NAMES, (3, 4, 5))))


def _slots(weights: dict[str, float]) -> tuple[str, ...]:
    """Give each word one slot, and the rest of the slots by weight."""
    unit = (SLOTS - len(weights)) / sum(weights.values())
    bounds = [round(unit * share) for share in accumulate(weights.values())]
    counts = [upper - lower + 1 for lower, upper in zip([0, *bounds], bounds, strict=False)]
    return tuple(word for word, count in zip(weights, counts, strict=True) for _ in range(count))
