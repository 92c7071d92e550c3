"""Run the benchmarks on small sizes and test how their goals are compared and printed; no figure is judged."""

from __future__ import annotations

import importlib
import math
from pathlib import Path
from types import ModuleType

import pytest

from benchmarks import __main__ as runner
from benchmarks import full_text, million
from benchmarks.goals import Bound, Goal, goal_line, is_goal_line, missed

MODULES = [name for name, *_ in runner.commands("articles.db") if name != "million"]
SMALL = {
    "pages": ("--pages", "2", "--pairs", "1"),
    "polling": ("--seeds", "1"),
    "view_lists": ("--articles", "200", "--rounds", "1"),
    "queries": ("--file", "FILE", "--pairs", "1"),
    "saves": ("--file", "FILE", "--rounds", "1", "--saved", "40"),
    "exports": ("--file", "FILE", "--pairs", "1"),
    "readers": ("--file", "FILE", "--rounds", "1", "--saved", "40"),
    "web_pages": ("--file", "FILE", "--rounds", "1"),
    "starts": ("--rounds", "1"),
    "end_to_end": ("--articles", "20", "--pairs", "1"),
    "growth": ("--articles", "40,80", "--links", "20", "--rounds", "1"),
    "idle": ("--polls", "2", "--child-polls", "1", "--rest", "1"),
    "workers": ("--interval", "5", "--watched", "10", "--rest", "1"),
    "store_load": ("--articles", "100,200", "--rounds", "1", "--saved", "20"),
    "scale": ("--hosts", "6", "--workers", "1,2", "--articles", "5", "--cpu-articles", "5"),
    "scale_faults": (
        "--hosts",
        "6",
        "--workers",
        "4",
        "--articles",
        "6",
        "--every",
        "3",
        "--rounds",
        "3",
        "--restart",
        "--freeze",
        "3",
        "--leader",
    ),
}
"""Arguments by benchmark; `month` has one size, which tests/scheduler/test_month_store.py runs."""
APART = {"growth", "scale", "scale_faults", "store_load"}
"""Runs of their own: make bench-growth, make bench-scale, make bench-load."""
LONG = set(SMALL) - {"view_lists", "polling"}
UNFIT = {
    "count-by-to-sql-ratio",  # of a few articles the fixed cost of a query is most
    "full-text-page-to-fts5-ratio",
    "scale-of-4-workers-to-ceiling-ratio",  # of more processes than a small run starts
    "scale-of-16-workers-to-ceiling-ratio",
    "worker-growth-of-the-second-half-mb",  # of a run of its own, over hundreds of crawls
}
"""Goals that a small run says nothing about and leaves out."""


@pytest.mark.parametrize(
    ("limit", "bound", "figure", "line"),
    [
        (1.3, Bound.AT_MOST, 1.0649, "goal crawl-ratio 1.06 at most 1.30 ok"),
        (1.3, Bound.AT_MOST, 1.3, "goal crawl-ratio 1.30 at most 1.30 ok"),
        (1.3, Bound.AT_MOST, 1.3049, "goal crawl-ratio 1.30 at most 1.30 ok"),
        (1.3, Bound.AT_MOST, 1.306, "goal crawl-ratio 1.31 at most 1.30 MISSED"),
        (2, Bound.AT_MOST, 3, "goal crawl-ratio 3.00 at most 2.00 MISSED"),
        (8, Bound.AT_LEAST, 7.99, "goal crawl-ratio 7.99 at least 8.00 MISSED"),
        (8, Bound.AT_LEAST, 12, "goal crawl-ratio 12.00 at least 8.00 ok"),
        (0, Bound.AT_LEAST, -0.001, "goal crawl-ratio -0.00 at least 0.00 ok"),
        (0, Bound.AT_MOST, math.inf, "goal crawl-ratio inf at most 0.00 MISSED"),
        (1.3, Bound.AT_MOST, math.nan, "goal crawl-ratio nan at most 1.30 MISSED"),
        (1.3, Bound.AT_LEAST, math.nan, "goal crawl-ratio nan at least 1.30 MISSED"),
    ],
)
def test_a_goal_is_one_line(limit: float, bound: Bound, figure: float, line: str) -> None:
    written = goal_line(Goal("crawl-ratio", limit, bound), figure)
    assert written == line
    assert is_goal_line(written)
    assert missed(["newest 50: bare rows  MISSED page-of-50-ms", written]) == ([line] if "MISSED" in line else [])


def goals_of(module: ModuleType) -> list[Goal]:
    """Collect the goals that a module declares, alone or in mappings."""
    found, values = [], [value for name, value in vars(module).items() if name.isupper()]
    while values:
        value = values.pop()
        if isinstance(value, Goal):
            found.append(value)
        elif isinstance(value, dict):
            values.extend(value.values())
    return found


def test_no_two_goals_have_one_name() -> None:
    modules = (importlib.import_module(f"benchmarks.{name}") for name in (*MODULES, "full_text", *APART))
    declared = [goal for module in modules for goal in goals_of(module)]
    assert len(declared) >= len(MODULES)
    assert len({goal.name for goal in declared}) == len(declared)
    assert all(goal.name.replace("-", "").isalnum() and goal.name.islower() for goal in declared)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A generated database of a few articles."""
    file = tmp_path_factory.mktemp("benchmarks") / "articles.db"
    million.make(file, 300)
    return file


@pytest.mark.xdist_group("benchmarks")
@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.long] * (name in LONG)) for name in SMALL])
def test_a_small_run_prints_every_goal(
    name: str, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    module = importlib.import_module(f"benchmarks.{name}")
    arguments = [str(request.getfixturevalue("database")) if word == "FILE" else word for word in SMALL[name]]
    module.main(arguments)
    lines = capsys.readouterr().out.splitlines()
    names = {line.split()[1] for line in lines if is_goal_line(line)}
    declared = {goal.name for goal in goals_of(module) + (goals_of(full_text) if name == "queries" else [])}
    assert declared - UNFIT <= names <= declared
    assert is_goal_line(lines[-1])


def test_every_benchmark_of_the_run_has_a_small_size() -> None:
    assert set(MODULES) - set(SMALL) == {"month"}
    assert set(SMALL) - set(MODULES) == APART


@pytest.mark.parametrize(
    ("arguments", "lines"), [(["--help"], []), ([], ["goal million-exit-status 2 at most 0 MISSED"])]
)
def test_a_benchmark_that_fails_is_a_missed_goal(arguments: list[str], lines: list[str]) -> None:
    assert list(runner.run(["million", *arguments])) == lines
