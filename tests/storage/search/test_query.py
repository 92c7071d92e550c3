"""Parse the query language, and refuse syntax errors with their messages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.search.query import And, Node, Not, Or, SearchField, Term, parse, term_text


def term(text: str, *, prefix: bool = False, field: SearchField | None = None) -> Term:
    return Term(term_text(text), prefix, field)


GAS, OIL, SPORT = term("gas"), term("oil"), term("sport")


@pytest.mark.parametrize(
    ("text", "root"),
    [
        ("gas", GAS),
        ("  gas  ", GAS),
        ("GASES", term("gases")),
        ("gas oil", And((GAS, OIL))),
        ("gas AND oil", And((GAS, OIL))),
        ("gas and oil", And((GAS, term("and"), OIL))),
        ("gas OR oil", Or((GAS, OIL))),
        ("gas oil OR sport", Or((And((GAS, OIL)), SPORT))),
        ("gas (oil OR sport)", And((GAS, Or((OIL, SPORT))))),
        ("gas -sport", And((GAS, Not(SPORT)))),
        ("gas NOT sport", And((GAS, Not(SPORT)))),
        ("gas AND NOT sport", And((GAS, Not(SPORT)))),
        ("-sport gas", And((Not(SPORT), GAS))),
        ("gas -(oil OR sport)", And((GAS, Not(Or((OIL, SPORT)))))),
        ("gas -(sport -oil)", And((GAS, Not(And((SPORT, Not(OIL))))))),
        ("NOT NOT gas", GAS),
        ("gas-field", term("gas field")),
        ('"gas field"', term("gas field")),
        ("«gas field»", term("gas field")),
        ("“gas field”", term("gas field")),
        ('gas"oil"', And((GAS, OIL))),
        ("corr*", term("corr", prefix=True)),
        ("gas-corr*", term("gas corr", prefix=True)),
        ("title:gas", term("gas", field=SearchField.TITLE)),
        ("TITLE:gas", term("gas", field=SearchField.TITLE)),
        ('title:"gas oil"', term("gas oil", field=SearchField.TITLE)),
        ("title:(gas OR oil)", Or((term("gas", field=SearchField.TITLE), term("oil", field=SearchField.TITLE)))),
        ("title:gas oil", And((term("gas", field=SearchField.TITLE), OIL))),
        ("gas -title:oil", And((GAS, Not(term("oil", field=SearchField.TITLE))))),
        ("lang:en gas", And((term("en", field=SearchField.LANGUAGE), GAS))),
        ("language:en", term("en", field=SearchField.LANGUAGE)),
        ("10:30", term("10 30")),
        ("1.5", term("1 5")),
        ("(((gas)))", GAS),
        ("gas - oil", And((GAS, OIL))),
        ("gas – oil", And((GAS, OIL))),
        ("gas -- oil", And((GAS, OIL))),
        ("- gas", GAS),
        ("gas -", GAS),
        ("gas %% & oil …", And((GAS, OIL))),
        ("gas,oil", And((GAS, OIL))),
        ("gas, oil;", And((GAS, OIL))),
        ("gas/oil", And((GAS, OIL))),
        ("gas ; oil", And((GAS, OIL))),
        ("Gas: oil", And((GAS, OIL))),
        ("gas OR - oil", Or((GAS, OIL))),
        ("1,000", term("1 000")),
        ("24/7", term("24 7")),
        ("corr*, gas", And((term("corr", prefix=True), GAS))),
        ("Gas or oil?", And((GAS, term("or"), OIL))),
        ("Gas oil? Gas!", And((GAS, OIL, GAS))),
        ('"Gas? Oil | gas, oil"', term("gas oil gas oil")),
        ("gas -oil,", And((GAS, Not(OIL)))),
        ("section:Gas/oil", term("gas oil", field=SearchField.SECTION)),
        ("section:(gas, oil)", And((term("gas", field=SearchField.SECTION), term("oil", field=SearchField.SECTION)))),
    ],
)
def test_understood(text: str, root: Node) -> None:
    assert parse(text).root == root


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "nothing is asked: write at least one word"),
        (" \t ", "nothing is asked: write at least one word"),
        ('gas "oil', "position 5: this quotation mark has no partner"),
        ('title:"oil', "position 7: this quotation mark has no partner"),
        ("(gas", "position 1: this ( is never closed"),
        ("gas (", "position 5: this ( is never closed"),
        ("gas)", "position 4: this ) closes nothing"),
        ("gas ()", "position 6: these parentheses are empty"),
        ("-gas", "position 1: this only says what must not be; add a word that must"),
        ("NOT (gas oil)", "position 1: this only says what must not be; add a word that must"),
        ("gas OR -oil", "position 1: a side of this OR only says what must not be"),
        ("gas -(-oil -sport)", "position 5: what is negated here only says what must not be"),
        ("gas AND", "position 8: AND needs a word behind it"),
        ("gas OR OR oil", "position 8: OR needs a word before it"),
        ("AND gas", "position 1: AND needs a word before it"),
        ("gas NOT", "position 8: NOT needs a word behind it"),
        ("%% - …", "nothing is asked: write at least one word"),
        ("title:%%", "position 7: no word is in '%%'"),
        ("gas|oil", "position 4: | is no operator: write OR"),
        ("gas || oil", "position 5: | is no operator: write OR"),
        ("g*s", "position 2: * stands only at the end of a word, as in elect*"),
        ("gas *", "position 5: * stands only at the end of a word"),
        ("*", "position 1: * stands only at the end of a word"),
        ("corr*.", "position 5: * stands only at the end of a word"),
        ("gas-*", "position 5: * stands only at the end of a word"),
        (
            '"corr*"',
            "position 6: * stands only at the end of a word, as in elect* and has no meaning in quotation marks",
        ),
        ("wom?n", "position 4: ? stands for no letter: leave it out, or write elect*"),
        ("?gas", "position 1: ? stands for no letter"),
        ("corr?", "position 5: ? stands for no letter"),
        ("gas corr? oil", "position 9: ? stands for no letter"),
        ('"wom?n"', "position 5: ? stands for no letter"),
        ("!gas oil", "position 1: ! is no operator: write -word"),
        ("gas~", "position 4: ~ and ^ have no meaning behind a word"),
        ('"gas oil"~5', "position 10: ~ and ^ have no meaning behind a word"),
        ("gas^2 oil", "position 4: ~ and ^ have no meaning behind a word"),
        ("section=gas", "position 8: a field has a colon behind it: write section:gas"),
        (
            "title:gas,oil",
            "position 10: title: belongs to the first word alone: write title:(gas OR oil) or leave out the ,",
        ),
        ('title:"gas oil", gas', 'write title:("gas oil" OR gas) or leave out the ,'),
        ("gas -oil/corr", "position 9: - belongs to the first word alone: write -(oil OR corr) or leave out the /"),
        ("gas NOT oil; corr", "position 12: NOT belongs to the first word alone: write NOT (oil OR corr)"),
        ("section:gas, oil", "position 12: section: belongs to the first word alone: write section:(gas OR oil)"),
        ('gas ""', "no word is in ''"),
        ("title: gas", "position 1: title: needs a word right behind it"),
        ("title:-gas", "position 1: title: needs a word right behind it"),
        ("titel:gas", "position 1: no field is called titel; known: title, subtitle, body, section, source, language"),
        ("titel:gas", "lang; did you mean title: (in quotes it is searched as text)"),
        ("author:Smith", "lang; authors are found by --author (in quotes"),
        ("views:100", "lang; views are compared by --min-views and --max-views (in quotes"),
        ("https://caliber.az/x", "position 1: no field is called https; known:"),
        ("https://caliber.az/x", "; presswatch show finds an article by its URL (in quotes"),
        (
            "gas NEAR/5 oil",
            "position 5: NEAR is no operator: write both words, or a phrase in quotation marks",
        ),
        ("NEAR(gas oil)", "position 1: NEAR is no operator"),
        ("(" * 60 + "gas" + ")" * 60, "position 21: more than 20 parentheses or negations within each other"),
        ("NOT " * 60 + "gas", "position 81: more than 20 parentheses or negations within each other"),
        ("gas " * 600, "a query has at most 2000 characters, this one has 2400"),
    ],
)
def test_refused_in_one_line_that_says_where_and_why(text: str, words: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011  (the words are compared below)
        parse(text)
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


PIECES = st.sampled_from(
    [
        "gas",
        "oil",
        "AND",
        "OR",
        "NOT",
        "-",
        "(",
        ")",
        '"',
        "title:",
        "lang:",
        "x*",
        "*",
        ":",
        "%",
        "«",
        ",",
        "/",
        "?",
        "|",
        "!",
        "–",
    ]
)


@given(st.lists(st.tuples(PIECES, st.sampled_from(["", " "])), max_size=25), st.text(max_size=5))
def test_anything_is_understood_or_refused_in_one_line(pieces: list[tuple[str, str]], more: str) -> None:
    understood = _parsed("".join(piece + space for piece, space in pieces) + more)
    assert len(understood.splitlines()) == 1 if isinstance(understood, str) else _is_sound(understood)


def _parsed(text: str) -> Node | str:
    try:
        return parse(text).root
    except ValueError as refused:
        return str(refused)


def _is_sound(node: Node) -> bool:
    """As databases need it: a Not stands in an All beside what is none, and negates something that asks."""
    if isinstance(node, Term):
        return bool(node.text)
    if isinstance(node, Not):
        return False
    if isinstance(node, Or):
        return len(node.parts) > 1 and all(map(_is_sound, node.parts))
    plain = [part.part if isinstance(part, Not) else part for part in node.parts]
    return all(map(_is_sound, plain)) and not all(isinstance(part, Not) for part in node.parts)
