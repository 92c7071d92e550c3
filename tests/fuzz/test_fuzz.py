"""Test that the fuzz finds what it looks for, and that it passes on a few inputs."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.fuzz.__main__ import make
from tests.fuzz.inputs import MAKERS
from tests.support.paths import ROOT

PLANTED = """
import os, signal, sys
import tests.fuzz.__main__ as fuzz
fuzz.CPU_SECONDS = 1
def check(value):
    {}
fuzz.CHECKS = dict.fromkeys(fuzz.CHECKS, lambda value: None) | {{"date": check}}
fuzz.BATCHES = dict.fromkeys(fuzz.BATCHES, 50)
sys.exit(fuzz.main(["200", "1"]))
"""


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)


def test_a_few_inputs_find_nothing() -> None:
    done = run("-m", "tests.fuzz", "400", "1")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "0 findings in 400 inputs, seed 1"


@pytest.mark.parametrize(
    ("check", "said"),
    [
        ("assert value != fuzz.make('date', 7, 1)", "failed"),
        pytest.param(
            "while value == fuzz.make('date', 7, 1): pass", "more than 1 s of CPU time", marks=pytest.mark.long
        ),
        (
            "value == fuzz.make('date', 7, 1) and os.kill(os.getpid(), signal.SIGSEGV)",
            "its process was ended by SIGSEGV",
        ),
        ("value == fuzz.make('date', 7, 1) and bytes(10**12)", "failed"),
    ],
)
@pytest.mark.long_after(1)
def test_a_planted_fault_is_found_once(check: str, said: str) -> None:
    done = run("-c", PLANTED.format(check))
    assert (done.returncode, done.stderr) == (1, "")
    assert [line for line in done.stdout.splitlines() if line.startswith(f"date 7: {said}: ")]
    assert done.stdout.splitlines()[-1] == "1 findings in 200 inputs, seed 1"


@pytest.mark.parametrize("kind", list(MAKERS))
def test_an_input_is_made_of_its_number_and_the_seed(kind: str) -> None:
    assert make(kind, 3, 1) == make(kind, 3, 1)
    assert len({make(kind, number, seed) for number in range(5) for seed in range(3)}) > 10
