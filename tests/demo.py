"""`python -m tests.demo`: the real commands against the bundled site, which publishes, edits and counts on between.

Everything happens on loopback and in a temporary folder that is removed at the end. Exits with 1 and one line if a
command failed, or if what was stored is not what the site published.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from click.testing import CliRunner

import presswatch
from tests.support.paths import ROOT
from tests.support.patience import patient
from tests.support.site import Article, Site, demo_articles, demo_counts, demo_edits, later_articles

CONFIG = "presswatch.toml"
DATABASE = ("--database", "sqlite:///demo.db")
PATIENCE = 60.0  # seconds for one command
WIDEST = 110

# The site is ours and on this machine: nobody has to be spared.
SETTINGS = """\
[scraper]
delay = "0 s"
autothrottle = false
retry_delay = "0 s"
"""

NEWEST = ("query", "--limit", "6")
EVERYTHING = ("query", "--limit", "0")
RETITLED = "constitutional-court-takes-up-the-question-of-early-elections"
RENUMBERED = "morland-union-to-fund-orrin-rail-link"


class DemoError(Exception):
    """A failure, or a difference from the published site; `said` is the output of the command that showed it."""

    def __init__(self, message: str, *, said: str = "") -> None:
        super().__init__(message)
        self.said = said


def main(arguments: Sequence[str] = ()) -> int:
    """Run the demo, then serve its pages until Ctrl-C, but with `--no-serve`; return the exit code."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal without Unicode shows question marks
    try:
        with tempfile.TemporaryDirectory(prefix="presswatch-demo-") as folder, Site.start() as site:
            terminal = Terminal(Path(folder))
            _demo(site, terminal)
            print("\ndemo: all as the site published it", flush=True)
            if "--no-serve" not in arguments:
                terminal.serve()
    except DemoError as error:
        print(error.said, end="", flush=True)
        print(f"demo: FAILED: {error}", file=sys.stderr)
        return 1
    return 0


@dataclass(frozen=True, slots=True)
class Terminal:
    """A terminal in a folder with its own presswatch.toml."""

    folder: Path

    def __post_init__(self) -> None:
        (self.folder / CONFIG).write_text(SETTINGS, encoding="utf-8")

    def do(self, *words: str, code: int = 0) -> None:
        """Runs a command, and prints it as it would be typed and what it says. Another exit code is an error."""
        self._print(words, self._run(*words, code=code))

    def show_and_read(self, *shown: Sequence[str], asked: Sequence[Sequence[str]]) -> list[Any]:
        """Prints what these commands show, and returns what those asked besides say in JSON.

        None of them writes, so they need not wait for each other.
        """
        with ThreadPoolExecutor(max_workers=2) as pool:
            said = pool.map(lambda words: self._run(*words), shown)
            answers = [self._ask(*words) for words in asked]
            for words in shown:
                self._print(words, next(said))
        return answers

    def serve(self) -> None:
        """Serves the pages of what was stored until Ctrl-C, and prints their address."""
        tell("The same on pages, in a browser, until Ctrl-C:")
        command = [sys.executable, "-m", "presswatch", "serve", "--port", "0", "--with-parent", *DATABASE]
        quiet = {**environment(os.environ), "PRESSWATCH_LOG_LEVEL": "warning"}
        # Its stdin is ours to hold: it ends with this process, whatever ends that.
        with subprocess.Popen(command, cwd=self.folder, env=quiet, stdin=subprocess.PIPE) as serving:
            assert serving.stdin is not None
            try:
                code = serving.wait()
            except KeyboardInterrupt:
                # Not by a signal: Ctrl-C went to it too, and a second one could end it on its way out.
                serving.stdin.close()
                code = serving.wait()
        if code:
            raise DemoError(f"{shlex.join(command[2:])}: exit code {code}")

    def _print(self, words: Sequence[str], said: str) -> None:
        print(f"\n$ {shlex.join(['presswatch', *words, *DATABASE])}\n{said.rstrip()}", flush=True)

    def _run(self, *words: str, code: int = 0) -> str:
        command = ["presswatch", *words, *DATABASE]
        try:
            done = subprocess.run(
                [sys.executable, "-m", *command],
                cwd=self.folder,
                env=environment(os.environ),
                capture_output=True,
                encoding="utf-8",
                timeout=patient(PATIENCE),
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise DemoError(f"{shlex.join(command)}: not done after {PATIENCE:.0f} s") from None
        said = _settled(command, done.returncode, done.stdout, done.stderr, expected=code)
        return said or done.stderr  # where a command says that there is nothing to show

    def _ask(self, *words: str) -> Any:
        """The same command inside this process: starting another one costs a second of work."""
        database = f"sqlite:///{self.folder / 'demo.db'}"
        command = [*words, "--format", "json", "--database", database, "--config", str(self.folder / CONFIG)]
        done = CliRunner().invoke(presswatch.main, command)
        return json.loads(_settled(["presswatch", *command], done.exit_code, done.stdout, done.stderr))


def _settled(command: Sequence[str], code: int, output: str, errors: str, *, expected: int = 0) -> str:
    """Return the output of a command. Raises DemoError for another exit code than the expected one."""
    if code != expected:
        raise DemoError(f"{shlex.join(command)}: exit code {code}", said=output + errors)
    return output


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
    terminal.do("crawl", "caliber", "--base-url", site.url)
    [rows] = terminal.show_and_read(NEWEST, asked=[EVERYTHING])
    check_stored(rows, site)

    edited = go_on(site, now)
    come = len(wanted(site)) - len(first)
    tell(f"The site publishes {come} more of them, edits {len(edited)} and counts on. Recrawling all:")
    terminal.do("crawl", "caliber", "--base-url", site.url, "--recrawl", "all")
    tell("New articles on top, an edited one with its revisions, the history of a URL, the crawls:")
    retitled, renumbered = site.url_of(RETITLED), site.url_of(RENUMBERED)
    shown = (NEWEST, ("show", retitled), ("inspect", renumbered), ("runs",))
    rows, runs, details = terminal.show_and_read(*shown, asked=[EVERYTHING, ("runs",), ("show", renumbered)])
    check_stored(rows, site, edited)
    check_runs(runs, [(len(first), 0, 0), (come, len(edited), len(first))])
    check_history(details, before=first[renumbered].views)


def go_on(site: Site, now: datetime) -> set[str]:
    """Has the site publish, edit and count; gives the addresses of the edited articles."""
    site.publish_many(later_articles(now))
    edits = demo_edits(now)
    for slug, changes in edits:
        site.edit(slug, **changes)
    for slug, views in demo_counts(now).items():
        site.count(slug, views)
    return {site.url_of(slug) for slug, _ in edits}


def tell(text: str) -> None:
    """Prints what happens between the commands."""
    print(f"\n# {text}", flush=True)


def wanted(site: Site) -> dict[str, Article]:
    """The articles that a crawl with default settings keeps, by address."""
    every: Iterable[Article] = site.articles
    return {site.url + one.path: one for one in every if one.language == "en" and "politics" in one.sections}


def check_stored(rows: Iterable[Mapping[str, Any]], site: Site, edited: Collection[str] = ()) -> None:
    """Compares every stored article with the site: which, their titles, their counts, and which were edited."""
    published = {url: (one.title, one.views, url in edited) for url, one in wanted(site).items()}
    kept = {row["url"]: (row["title"], row["view_count"], row["revised_at"] is not None) for row in rows}
    for url in sorted(published.keys() | kept.keys()):
        if published.get(url) != kept.get(url):
            raise DemoError(
                f"{url}: the site has (title, views, edited) {published.get(url)}, stored is {kept.get(url)}"
            )


def check_runs(runs: Sequence[Mapping[str, Any]], expected: Sequence[tuple[int, int, int]]) -> None:
    """Compares what the crawls counted, the first one first: new, edited, views updated."""
    counted = [(run["new_count"], run["revised_count"], run["view_update_count"]) for run in reversed(runs)]
    if counted != expected:
        raise DemoError(f"the crawls counted (new, edited, views updated) {counted}, the site published {expected}")


def check_history(details: Mapping[str, Any], *, before: int) -> None:
    """Raise DemoError unless the article whose figure was corrected has both bodies and both counts."""
    bodies = [*(revision["body"] for revision in details["revisions"]), details["body"]]
    if ["1.5 million" in body for body in bodies] != [True, False] or "15 million" not in bodies[-1]:
        raise DemoError(f'{details["url"]}: "1.5 million" became "15 million" on the site, stored are {bodies}')
    counts = [reading["view_count"] for reading in details["readings"]]
    if counts != [before, details["view_count"]]:
        raise DemoError(f"{details['url']}: counts {counts} are stored, the site showed {before} before, then more")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
