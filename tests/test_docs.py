"""Compare README, CONTRIBUTING and the generated reference pages with the program, and run their examples."""

from __future__ import annotations

import importlib.util
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from docs import generate
from storage.config.config_file import load_config
from tests.manuals import check_command, check_settings, commands_in
from tests.support.crawl_env import CrawlEnv
from tests.support.paths import ROOT
from tests.support.plain_articles import plain_article
from tests.support.site import Site
from tests.support.site.fixtures import shared_site, site
from tests.test_rooms import LIBRARIES, RULES

__all__ = ["shared_site", "site"]

README = (ROOT / "README.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
DOCS = ROOT / "docs"
PAGES = generate.pages()
REGENERATE = "write the reference pages again: python -m docs.generate"


@pytest.mark.parametrize("name", PAGES)
def test_a_reference_page_is_what_the_code_generates(name: str) -> None:
    assert (generate.FOLDER / name).read_text(encoding="utf-8").splitlines() == PAGES[name].splitlines(), REGENERATE


def test_no_reference_page_is_left_over() -> None:
    assert {path.name for path in generate.FOLDER.iterdir()} == set(PAGES)


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) <= 200


def test_commands_and_settings_of_the_readme_exist() -> None:
    named = list(commands_in(README))
    for words in named:
        check_command(words)
    assert {"crawl", "query", "show", "watch", "daemon"} <= {words[0] for words in named}
    check_settings(README)


def test_the_configuration_example_is_accepted(tmp_path: Path) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
    file = tmp_path / "presswatch.toml"
    file.write_text(example, encoding="utf-8")
    assert load_config(file).source("caliber").sections == ("politics", "economics")


def test_the_examples_of_the_readme_run(tmp_path: Path, site: Site) -> None:
    site.publish(plain_article("some-story"))
    env = CrawlEnv(tmp_path, site)
    with (tmp_path / "presswatch.toml").open("a", encoding="utf-8") as settings:
        settings.write(f'\n[sources.caliber]\nbase_url = "{site.url}"\n')  # never the live site
    lines = [line for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL) for line in block.splitlines()]
    examples = [line.partition("  #")[0] for line in lines if line.startswith("presswatch ")]
    assert len(examples) >= 6
    for line in examples:
        words = shlex.split(line)[1:]
        if words[0] == "daemon":
            words.append("--once")
        done = env.command(*[word.replace("https://caliber.az", site.url) for word in words])
        assert done.returncode == 0, f"{line}: {done.stderr}"


def test_the_picture_of_the_readme_is_the_output_of_a_crawl(tmp_path: Path, site: Site) -> None:
    site.publish_many([plain_article("one"), plain_article("goal", sections=("sport",))])
    shape = re.sub(r"\d+(?:\.\d+)?", "N", CrawlEnv(tmp_path, site).crawl_command().stdout.strip())
    assert shape in re.sub(r"\d+(?:\.\d+)?", "N", README)


def test_every_make_target_that_is_named_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"(?:`|^)make ([a-z-]+)", README + CONTRIBUTING, re.MULTILINE))
    assert named >= {"demo", "test", "docs", "setup"}
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in named)


def test_every_link_of_the_readme_leads_to_a_file() -> None:
    files = re.findall(r"\]\((?!https?:)([^)#]+)", README)
    assert len(files) > 10
    assert [name for name in files if not (ROOT / name).exists()] == []


def test_contributing_lists_every_room_with_its_rule() -> None:
    rows = dict(re.findall(r"^\| `([\w/]+)` \| [^|]* \| ([^|]*) \|$", CONTRIBUTING, re.MULTILINE))
    assert {name.replace("/", ".") for name in rows} == set(RULES)
    for room, rule in RULES.items():
        listed = {name.replace("/", ".") for name in re.findall(r"`([^`]+)`", rows[room.replace(".", "/")])}
        covered = {name for name in rule.split() if f"{name.partition('.')[0]}.*" in listed}
        assert listed | covered == set(rule.split()), room


def test_every_file_that_contributing_names_exists() -> None:
    named = re.findall(r"`((?:storage|scraper|scheduler|presswatch|tests|docs)/[\w/.]+\.(?:py|md))`", CONTRIBUTING)
    templates = [name for name in named if "NAME" in name or "CASE" in name]
    assert len(named) - len(templates) >= 8
    assert [name for name in named if name not in templates and not (ROOT / name).exists()] == []
    assert all(f"`{library}`" in CONTRIBUTING for library in ("click", "scrapy", "sqlalchemy", "lxml"))
    assert set(LIBRARIES) >= {"click", "scrapy", "sqlalchemy", "lxml"}


@pytest.mark.long
@pytest.mark.skipif(importlib.util.find_spec("sphinx") is None, reason="make docs installs Sphinx")
def test_the_site_builds_without_warnings_and_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "-b", "html", "-d", str(tmp_path / "d"), str(DOCS)]
    done = subprocess.run([*command, str(tmp_path / "site")], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    loaded = [
        found
        for page in (tmp_path / "site").rglob("*.html")
        for found in re.findall(
            r"<(?:script|link|img)[^>]*(?:src|href)=\"((?:https?:)?//[^\"]+)", page.read_text(encoding="utf-8")
        )
    ]
    assert loaded == []
