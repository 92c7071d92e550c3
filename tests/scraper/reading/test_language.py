"""Codes of languages, and the language of a text."""

from __future__ import annotations

import pytest

from scraper.parsing.language_codes import language_code
from scraper.reading.language import detect_language


@pytest.mark.parametrize(
    ("label", "code"),
    [
        ("rus", "ru"),
        ("RU", "ru"),
        ("en-GB", "en"),
        ("uk_UA", "uk"),
        ("ua", "uk"),
        ("arm", "hy"),
        ("geo", "ka"),
        ("kz", "kk"),
        ("aze", "az"),
        ("az-Latn-AZ", "az"),
        ("Russian", "ru"),
        (" de ", "de"),
        ("zh-Hans", "zh"),
        ("xx", None),
        ("news", None),
        ("", None),
        ("1", None),
    ],
)
def test_labels_become_codes_of_iso_639_1(label: str, code: str | None) -> None:
    assert language_code(label) == code


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The president said on Monday that the parliament of the country is to vote for it.", "en"),
        ("Президент сообщил, что парламент страны проголосует по этому вопросу в понедельник.", "ru"),
        ("Президент повідомив, що парламент країни проголосує з цього питання в понеділок її.", "uk"),
        ("Президент дүйсенбі күні парламенттің осы мәселе бойынша дауыс беретінін хабарлады.", "kk"),
        ("Президентът съобщи, че парламентът на страната ще гласува по този въпрос в понеделник и за това.", "bg"),
        ("Prezident bildirib ki, ölkənin parlamenti bu məsələ ilə bağlı bazar ertəsi səs verəcək.", "az"),
        ("Cumhurbaşkanı, ülkenin meclisinin bu konuda pazartesi günü oy kullanacağını ve bunun için", "tr"),
        ("Prezident mamlakat parlamenti bu masala bo'yicha dushanba kuni ovoz berishini va bu haqida", "uz"),
        ("Նախագահը հայտարարել է, որ երկրի խորհրդարանը երկուշաբթի կքվեարկի այս հարցով։", "hy"),
        ("პრეზიდენტმა განაცხადა, რომ ქვეყნის პარლამენტი ორშაბათს კენჭს უყრის ამ საკითხს.", "ka"),
        ("رئیس جمهور گفت که پارلمان کشور روز دوشنبه در این باره رای‌گیری می‌کند و گزارش", "fa"),
        ("قال الرئيس إن برلمان البلاد سيصوت على هذه المسألة يوم الاثنين المقبل في العاصمة", "ar"),
        ("Der Präsident sagte, dass das Parlament des Landes am Montag über die Frage abstimmen wird und nicht", "de"),
        ("Le président a déclaré que le parlement du pays va voter sur cette question dans une semaine.", "fr"),
        ("大統領は月曜日にこの問題について国会が採決すると述べた。詳しい内容はまだ発表されていないという。", "ja"),
        ("总统表示该国议会将于星期一就此问题进行表决届时将有数百名议员出席会议并发表各自的看法和意见总统说", "zh"),
        ("12 345 — 67", None),
        ("Quake", None),
        ("", None),
    ],
)
def test_a_text_tells_its_language(text: str, language: str | None) -> None:
    assert detect_language(text) == language
