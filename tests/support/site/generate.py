"""Any number of made-up articles for measurements: the same for the same seed, of the length of real ones."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from tests.support.site.articles import Article, Block, bullets, heading, quote

_UNTIL = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
_VOCABULARY = """
about across action adopted after against agenda agreement all alliance ambassador amid among announced answer any
approved army around assembly asked assistance at authority autumn balance ballot because been before began
behind between bilateral bloc border both budget by cabinet called campaign capital case ceasefire chair
chamber change charter claims coalition committee common concern conference congress consensus constitution corridor
council country court crisis debate decision declaration defence delegation demand deputy despite dialogue diplomat
direct district draft during each economic election embassy energy envoy even exchange expected experts export fact
few final first force foreign forum from full further future gas given government governor group guarantee head held
high historic house however hundred if import in influence initiative inside institutions integrity interests into
issue joint journalists justice last law leaders league less letter line local long majority mandate many media
meeting member memorandum message military minister mission month more most nation near negotiations neighbour new
next nine no note observers of offer office official on once only opinion opposition order other over own pact
parliament part parties peace people pipeline plan platform point policy position power premier presence president
press pressure process programme project promise proposal protocol public question railway reached ready reform
region remarks report republic resolution response return right role roundtable route rule said same sanctions
seats second secretary security senate senior session several shared should side signed since sovereignty speaker
speech spokesperson stability stage state statement still strategic strong such summit support talks term territory
than their these third this those through ties time to together told trade transit treaty two under union until
upon urged venue verdict veto via village visit vote voters warned was week were when whether which while will with
within without word work working world year years
"""
_WORDS = _VOCABULARY.split()
_SYLLABLES = ("ba", "da", "fe", "ga", "ho", "ka", "li", "mo", "nu", "pe", "qua", "ri", "sa", "tu", "ve", "zo")


def generate_articles(
    count: int,
    seed: int = 0,
    *,
    until: datetime = _UNTIL,
    every: timedelta = timedelta(minutes=7),
    section: str = "politics",
    language: str = "en",
) -> Sequence[Article]:
    """`count` articles, newest first, one every so often up to `until` (aware).

    Each body has about 450 words in about ten paragraphs, and `unique_word(seed, number)` in its first sentence.
    """
    return [
        _article(random.Random(f"{seed}/{number}"), seed, number, until - every * number, section, language)
        for number in range(count)
    ]


def unique_word(seed: int, number: int) -> str:
    """An invented word that stands in the generated article of this number and in no other."""
    digits = f"{seed:x}z{number:04x}"
    return "".join("xy" if digit == "z" else _SYLLABLES[int(digit, 16)] for digit in digits)


def _article(dice: random.Random, seed: int, number: int, at: datetime, section: str, language: str) -> Article:
    word = unique_word(seed, number)
    title = _sentence(dice, 9)[:-1]
    return Article(
        slug=f"{title.lower().replace(' ', '-')}-{word}",
        title=title,
        subtitle=_sentence(dice, 5)[:-1] if dice.random() < 0.6 else "",
        language=language,
        sections=(section,),
        body=_body(dice, word),
        published_at=at,
        views=dice.randrange(20, 900),
    )


def _body(dice: random.Random, word: str) -> tuple[Block | str, ...]:
    first = f"{word.capitalize()} {_paragraph(dice)}"
    blocks: list[Block | str] = [first, *(_paragraph(dice) for _ in range(dice.randrange(7, 11)))]
    blocks.insert(3, heading(_sentence(dice, 4)[:-1]))
    if dice.random() < 0.5:
        blocks.insert(5, quote(_sentence(dice, 20)))
    if dice.random() < 0.3:
        blocks.insert(6, bullets(*(_sentence(dice, 8) for _ in range(3))))
    return tuple(blocks)


def _paragraph(dice: random.Random) -> str:
    return " ".join(_sentence(dice, dice.randrange(12, 24)) for _ in range(dice.randrange(2, 4)))


def _sentence(dice: random.Random, length: int) -> str:
    words = dice.choices(_WORDS, k=length)
    if dice.random() < 0.3:
        words[length // 2] = str(dice.randrange(2, 2000))
    return " ".join(words).capitalize() + "."
