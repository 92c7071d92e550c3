"""Choice among the candidates of a field."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from scraper.reading.candidates import MAX_EVIDENCE, Candidate, Grade, choose

HEADING = Candidate("Quake", "h1", Grade.MARKED)
META = Candidate("Quake in Baku", "meta og:title")
EMPTY = Candidate("", "selector h2", Grade.DECLARED)


@pytest.mark.parametrize(
    ("candidates", "chosen", "evidence"),
    [
        ([], None, ()),
        ([EMPTY], None, (EMPTY,)),
        ([HEADING, META], HEADING, (META,)),
        ([EMPTY, META, HEADING], META, (EMPTY, HEADING)),
    ],
)
def test_the_first_valid_candidate_is_chosen_and_the_others_are_evidence(
    candidates: list[Candidate[str]], chosen: Candidate[str] | None, evidence: tuple[Candidate[str], ...]
) -> None:
    choice = choose(candidates)
    assert choice.chosen == chosen
    assert choice.evidence() == evidence


def test_no_candidate_after_the_chosen_one_is_computed_before_somebody_asks() -> None:
    computed = []

    def candidates() -> Iterator[Candidate[int]]:
        for number in range(1000):
            computed.append(number)
            yield Candidate(number, f"meta {number}")

    choice = choose(candidates(), lambda number: number >= 2)
    assert choice.chosen is not None
    assert (choice.chosen.value, computed) == (2, [0, 1, 2])
    assert len(choice.evidence()) == 2 + MAX_EVIDENCE
