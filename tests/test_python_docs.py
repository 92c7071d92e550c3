"""Run the examples of docs/python.md and check the names that `presswatch` exports."""

from __future__ import annotations

import doctest
import importlib.util
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import presswatch
from storage.model.records import EditKind
from tests.support.paths import ROOT
from tests.support.rows import DAY, HOUR, NOON, Rows

PAGE = ROOT / "docs" / "python.md"


def test_the_examples_of_the_page_run(sqlite_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = Rows(sqlite_database)
    rows.article("gas-corridor", published_at=NOON, view_count=500)
    law = rows.article("transit-law", view_count=100)
    rows.article("opposition-leader-speaks", language="ru", view_count=5, published_at=NOON - DAY)
    rows.revision(law, 1, title="Transit bill", edit_kind=EditKind.TITLE, seen_until=NOON + HOUR)
    rows.readings(law, 10, 60, 100)
    rows.store.close()
    (tmp_path / "news.db").rename(tmp_path / "presswatch.db")
    monkeypatch.chdir(tmp_path)
    text = with_installed(PAGE.read_text("utf-8")).replace("```python\n", "").replace("```\n", "")
    examples = doctest.DocTestParser().get_doctest(text, {}, "python.md", str(PAGE), 0)
    output: list[str] = []
    result = doctest.DocTestRunner(optionflags=doctest.REPORT_NDIFF).run(examples, out=output.append)
    assert result.failed == 0, "".join(output)
    assert result.attempted >= 15


def with_installed(page: str) -> str:
    """Return the page without the examples of libraries that are not installed (requirements-frames.txt)."""
    needs = re.compile(r"<!-- needs: (\w+) -->\n\n```python\n.*?```\n", re.DOTALL)
    assert len(needs.findall(page)) == 2
    return needs.sub(lambda block: block[0] if importlib.util.find_spec(block[1]) is not None else "", page)


def test_type_checkers_see_the_types_of_what_is_exported() -> None:
    """A package without py.typed counts as untyped (PEP 561), and whatever is imported from it as Any."""
    packages = {getattr(presswatch, name).__module__.partition(".")[0] for name in presswatch.__all__ if name != "main"}
    data = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]["package-data"]
    assert {name for name in packages if "py.typed" in data.get(name, [])} == packages
    assert all((ROOT / name / "py.typed").is_file() for name in packages)


def test_every_exported_name_exists_and_others_are_refused() -> None:
    for name in presswatch.__all__:
        assert getattr(presswatch, name) is not None
        assert name in dir(presswatch)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = presswatch.nonsense


def test_importing_the_package_loads_no_database() -> None:
    script = (
        "import presswatch, sys; presswatch.ArticleFilter(); assert 'sqlalchemy' not in sys.modules;"
        "presswatch.open_store; assert 'sqlalchemy' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True)
