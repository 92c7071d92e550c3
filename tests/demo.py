"""`python -m tests.demo`: the real commands against the bundled site, which publishes, edits and counts on between.

Everything happens on loopback and in a temporary folder that is removed at the end. Exits with 1 and one line if a
command failed, or if what was stored is not what the site was told to publish.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from tests.site import Article, Site, demo_articles, demo_counts, demo_edits, later_articles

ROOT = Path(__file__).parents[1]
DATABASE = ("--database", "sqlite:///demo.db")
PATIENCE = 60.0  # seconds for one command
WIDEST = 110

# The site is ours and on this machine: nobody has to be spared.
SETTINGS = """\
[scraper]
delay = "0 s"
autothrottle = false
retry_wait = "0 s"
"""

RETITLED = "constitutional-court-takes-up-the-question-of-early-elections"
RENUMBERED = "morland-union-to-fund-orrin-rail-link"


class DemoError(Exception):
    """Something failed, or is not as the site was told; the message says what."""


def main() -> int:
    """Run the demo; return the exit code."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal without Unicode shows question marks
    try:
        with tempfile.TemporaryDirectory(prefix="presswatch-demo-") as folder, Site.start() as site:
            _demo(site, Terminal(Path(folder)))
    except DemoError as error:
        sys.stdout.flush()
        print(f"demo: FAILED: {error}", file=sys.stderr)
        return 1
    print("\ndemo: all as the site was told")
    return 0


@dataclass(frozen=True, slots=True)
class Terminal:
    """Where a person would type: a folder with its own presswatch.toml."""

    folder: Path

    def __post_init__(self) -> None:
        (self.folder / "presswatch.toml").write_text(SETTINGS, encoding="utf-8")

    def show(self, *words: str) -> None:
        """Prints a command as it would be typed, runs it, and prints what it says."""
        print(f"\n$ {shlex.join(['presswatch', *words, *DATABASE])}", flush=True)
        print(self._run(*words).rstrip(), flush=True)

    def ask(self, *words: str) -> Any:
        """What a command says in JSON, unprinted."""
        return json.loads(self._run(*words, "--format", "json"))

    def _run(self, *words: str) -> str:
        command = ["presswatch", *words, *DATABASE]
        try:
            done = subprocess.run(
                [sys.executable, "-m", *command],
                cwd=self.folder,
                env=environment(os.environ),
                capture_output=True,
                encoding="utf-8",
                timeout=PATIENCE,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise DemoError(f"{shlex.join(command)}: not done after {PATIENCE:.0f} s") from None
        if done.returncode:
            print(done.stdout, done.stderr, sep="", end="")
            raise DemoError(f"{shlex.join(command)}: exit code {done.returncode}")
        return done.stdout


def environment(outer: Mapping[str, str]) -> dict[str, str]:
    """The environment of a command: this program's code, no settings from outside, and no proxy between."""
    kept = {name: value for name, value in outer.items() if not name.lower().endswith("_proxy")}
    kept = {name: value for name, value in kept.items() if not name.startswith("PRESSWATCH_")}
    columns = min(shutil.get_terminal_size((WIDEST, 24)).columns, WIDEST)
    return {**kept, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "COLUMNS": str(columns)}


def _demo(site: Site, terminal: Terminal) -> None:
    now = datetime.now(UTC)
    site.publish_many(demo_articles(now))
    first = wanted(site)
    tell(f"A small news site on {site.url} has {len(site.articles)} articles, {len(first)} political in English.")
    crawl(site, terminal)
    terminal.show("query", "--limit", "6")
    check_stored(site, terminal)

    news = later_articles(now)
    edits, counts = demo_edits(now), demo_counts(now)
    site.publish_many(news)
    for slug, changes in edits:
        site.edit(slug, **changes)
    for slug, views in counts.items():
        site.count(slug, views)
    come = len(wanted(site)) - len(first)
    tell(f"The site publishes {len(news)} more ({come} political in English), edits {len(edits)} and counts on.")
    crawl(site, terminal, "--relook", "all")
    check_runs(terminal, [(len(first), 0, 0), (come, len(edits), len(first))])
    check_stored(site, terminal, edited={site.url_of(slug) for slug, _ in edits})
    check_history(site.url_of(RENUMBERED), terminal, before=first[site.url_of(RENUMBERED)].views)

    tell("What is new, and what was edited:")
    terminal.show("query", "--sort", "stored", "--limit", str(come))
    terminal.show("query", "--edited-since", "1h")
    tell("One edited article with its earlier wording, and the whole story of another's address:")
    terminal.show("show", site.url_of(RETITLED))
    terminal.show("explain", site.url_of(RENUMBERED))
    terminal.show("runs")


def tell(text: str) -> None:
    """Prints what happens between the commands."""
    print(f"\n# {text}", flush=True)


def wanted(site: Site) -> dict[str, Article]:
    """The articles that a crawl with default settings keeps, by address."""
    every: Iterable[Article] = site.articles
    return {site.url + one.path: one for one in every if one.language == "en" and "politics" in one.sections}


def crawl(site: Site, terminal: Terminal, *options: str) -> None:
    """One crawl by hand."""
    terminal.show("crawl", "caliber", "--base-url", site.url, *options)


def check_stored(site: Site, terminal: Terminal, edited: Iterable[str] = ()) -> None:
    """Compares every stored article with the site: which, their titles, their counts, and which were edited."""
    told = {url: (one.title, one.views, url in set(edited)) for url, one in wanted(site).items()}
    rows = terminal.ask("query", "--limit", "0")
    kept = {row["url"]: (row["title"], row["view_count"], row["revised_at"] is not None) for row in rows}
    for url in sorted(told.keys() | kept.keys()):
        if told.get(url) != kept.get(url):
            raise DemoError(f"{url}: the site has (title, views, edited) {told.get(url)}, stored is {kept.get(url)}")


def check_runs(terminal: Terminal, expected: list[tuple[int, int, int]]) -> None:
    """Compares what the crawls counted, the first one first: new, edited, re-counted."""
    runs = reversed(terminal.ask("runs"))
    counted = [(run["new_count"], run["revised_count"], run["recounted_count"]) for run in runs]
    if counted != expected:
        raise DemoError(f"the crawls counted (new, edited, re-counted) {counted}, the site was told {expected}")


def check_history(url: str, terminal: Terminal, *, before: int) -> None:
    """That the article whose figure was corrected has both wordings and both counts."""
    story = terminal.ask("show", url)
    wordings = [*(earlier["body"] for earlier in story["revisions"]), story["body"]]
    if ["1.5 million" in body for body in wordings] != [True, False] or "15 million" not in wordings[-1]:
        raise DemoError(f'{url}: "1.5 million" became "15 million" on the site, stored are {wordings}')
    counts = [reading["view_count"] for reading in story["readings"]]
    if counts != [before, story["view_count"]]:
        raise DemoError(f"{url}: counts {counts} are stored, the site showed {before} before, then more")


if __name__ == "__main__":
    sys.exit(main())
