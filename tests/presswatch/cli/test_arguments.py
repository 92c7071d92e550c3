"""What a person types wrong is explained in one line with what to type."""

from __future__ import annotations

import pytest

from presswatch.cli.main import COMMANDS
from tests.conftest import Ask


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["qurey"], "no command is called 'qurey' (did you mean query?)"),
        (["watch", "lst"], "no command is called 'lst' (did you mean list?)"),
        (["db", "inf"], "no command is called 'inf' (did you mean info?)"),
        (["sources", "chek"], "no command is called 'chek' (did you mean check?)"),
        (["zzz"], f"no command is called 'zzz'; there are: {', '.join(COMMANDS)}"),
        (
            ["query", "confidence", "vote"],
            "one argument, in quotation marks: presswatch query 'confidence vote'",
        ),
        (["report", "gas field", "oil"], "presswatch report '\"gas field\" oil'"),
        (["export", "x.csv", "gas", "oil"], "QUERY is one argument, in quotation marks: 'gas oil'"),
        (
            ["watch", "add", "Gas", "gas", "oil", "--to", "json://x"],
            "QUERY is one argument, in quotation marks: 'gas oil'",
        ),
        (["query", "-sport"], "no option is called -sport: write it behind a word that must be there"),
        (["query", "-sport"], "both in quotation marks: 'WORD -sport'"),
        (["query", "gas", "-sport"], "both in quotation marks: 'gas -sport'"),
        (["query", "-sport gas"], "both in quotation marks: 'gas -sport'"),
        (["query", "--since", "7d", "-sport"], "both in quotation marks: 'WORD -sport'"),
        (["query", "-спорт"], "both in quotation marks: 'WORD -спорт'"),
        (["export", "x.csv", "-sport"], "both in quotation marks: 'WORD -sport'"),
        (["export", "x.csv", "gas", "-sport"], "both in quotation marks: 'gas -sport'"),
        (["watch", "add", "Gas", "-sport", "--to", "json://x"], "both in quotation marks: 'WORD -sport'"),
        (["query", "-since", "7d"], "no option is called -since: write --since"),
        (["query", "--sport"], "No such option '--sport'"),
        (
            ["query", "--source", "a", "--source", "b"],
            "--source is given twice, and takes one value; for several write",
        ),
        (["export", "x.csv", "--lang", "en", "--language", "ru"], "for several write QUERY 'language:(A OR B)'"),
        (["report", "--since", "7d", "--since", "1d"], "--since is given twice, and takes one value"),
        (["query", "--gone", "--not-gone"], "--gone/--not-gone is given twice"),
        (["query", "gas|oil"], "QUERY: position 4: | is no operator: write OR"),
        (["query", ""], "QUERY: nothing is asked: write at least one word"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_mistake_is_explained_in_one_line(ask: Ask, arguments: list[str], said: str) -> None:
    answer = ask(*arguments)
    assert (answer.exit_code, answer.stdout) == (2, "")
    assert said in answer.stderr
    assert answer.stderr.count("\n") == 1


def test_a_pasted_headline_is_a_query(ask: Ask) -> None:
    for headline in (
        "Baku – Tbilisi: gas, oil/coal",
        "Who wins - and why?",
        "5 % more; 1,000 people",
        "- Gas, at last",
        "-- Gas -- ",
    ):
        answer = ask("query", headline)
        assert (answer.exit_code, answer.stderr.count("\n")) == (0, 1)
        assert "no articles" in answer.stderr
