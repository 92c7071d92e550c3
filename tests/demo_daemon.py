"""`python -m tests.demo_daemon`: the daemon against the bundled site, which goes on, goes down and comes back.

About a minute; with `--short` without the wait for the daemon's own recrawl of the edited articles. Everything
happens on loopback and in a temporary folder that is removed at the end. Exits with 1 and one line if anything is not
as the site published it.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from storage.model.recrawl import RECRAWL_AGES
from tests.demo import DATABASE, EVERYTHING, DemoError, Terminal, environment, go_on, tell, wanted
from tests.support.leftovers import end_with_parent, kill_at_end_of_run
from tests.support.patience import patient
from tests.support.site import Site, demo_articles, demo_edits

SETTINGS = """\
[scraper]
delay = "0 s"
autothrottle = false
retry_delay = "0 s"
retries = 0

[scheduler]
shutdown_grace_period = "5 s"

[sources.caliber]
base_url = "{url}"
interval = "3 s"
"""
PATIENCE = 60.0  # seconds for what takes a few
ENOUGH = timedelta(seconds=20)  # from the start to the edits, on a slow machine too
MINUTE = timedelta(minutes=1)
QUERY = '"night sitting"'
ANSWER = "Senate passes budget after night sitting"
DOWN = 4.0  # seconds


def main() -> int:
    """Run the demo; return the exit code."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    try:
        with tempfile.TemporaryDirectory(prefix="presswatch-demo-") as folder, Site.start() as site, Receiver() as hook:
            _demo(site, hook, Terminal(Path(folder)), short="--short" in sys.argv[1:])
    except DemoError as error:
        print(error.said, end="", flush=True)
        print(f"demo-daemon: FAILED: {error}", file=sys.stderr)
        return 1
    print("\ndemo-daemon: all as the site published it")
    return 0


class Receiver:
    """A webhook on this machine that keeps the messages it receives."""

    def __init__(self) -> None:
        self.messages: list[Mapping[str, Any]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self.address = f"json://127.0.0.1:{self._server.server_port}/hook"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        messages = self.messages

        class Hook(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                messages.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                """Its words are not the demo's."""

        return Hook

    def __enter__(self) -> Receiver:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def _demo(site: Site, hook: Receiver, terminal: Terminal, *, short: bool) -> None:
    now = datetime.now(UTC)
    (terminal.folder / "presswatch.toml").write_text(SETTINGS.format(url=site.url), encoding="utf-8")
    due_at = (now + ENOUGH).replace(second=0, microsecond=0) + MINUTE
    publish(site, now, due_at=due_at)
    before = {url: one.views for url, one in wanted(site).items()}
    tell(f"A small news site on {site.url} has {len(before)} political articles in English. The daemon starts:")
    with daemon(terminal) as log:
        wait("the first crawl", lambda: stored(terminal).keys() == before.keys())
        terminal.do("watch", "add", "Budget", QUERY, "--to", hook.address)
        edited = go_on(site, now)
        tell(f"The site publishes {len(wanted(site)) - len(before)} more of them, edits {len(edited)} and counts on.")
        wait("the new articles", lambda: stored(terminal).keys() == wanted(site).keys())
        terminal.do("status")
        wait("the alert", lambda: [one for one in hook.messages if ANSWER in one["title"] + one["message"]])
        tell(f"The webhook received: {hook.messages[0]['title']}")
        outage(site, terminal)
        look_again(terminal, edited, short=short, due_at=due_at)
        terminal.do("events")
        check(stored(terminal), site, edited, before)
        wait("a good end", lambda: last_run(terminal) == "succeeded")
        [end] = terminal.show_and_read(asked=[("status",)])
        tell_delays(end)
    tell("The daemon was stopped. Its log, in brief:")
    print(*brief(log.read_text(encoding="utf-8")), sep="\n")
    check_end(terminal, hook, log.read_text(encoding="utf-8"))


def publish(site: Site, now: datetime, *, due_at: datetime) -> None:
    """Publish the articles; those to be edited have their next recrawl due at `due_at`, a whole minute."""
    soon = {slug for slug, _ in demo_edits(now)}
    born = due_at - RECRAWL_AGES[0]
    site.publish_many(replace(one, published_at=born) if one.slug in soon else one for one in demo_articles(now))


@contextmanager
def daemon(terminal: Terminal) -> Iterator[Path]:
    """The daemon while it runs; its log is the file that is given. It is surely stopped."""
    print(f"\n$ presswatch daemon {' '.join(DATABASE)} &", flush=True)
    file = terminal.folder / "log"
    with file.open("w", encoding="utf-8") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "presswatch", "daemon", *DATABASE],
            cwd=terminal.folder,
            env=environment(os.environ),
            stdout=log,
            stderr=log,
        )
    try:
        yield file
    except DemoError as error:
        raise DemoError(str(error), said=error.said + file.read_text(encoding="utf-8")) from None
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            code = process.wait(patient(PATIENCE))
        except subprocess.TimeoutExpired:
            process.kill()
            code = process.wait()
    if code:
        raise DemoError(f"the daemon ended with exit code {code}", said=file.read_text(encoding="utf-8"))


def wait(what: str, done: Callable[[], Any], *, patience: float = PATIENCE) -> None:
    """Until it is done. Raises DemoError when it takes too long."""
    began_at = time.monotonic()
    while not done():
        if time.monotonic() - began_at > patient(patience):
            raise DemoError(f"{what}: waited for in vain for {patience:.0f} s")
        time.sleep(0.3)


def stored(terminal: Terminal) -> Mapping[str, Mapping[str, Any]]:
    """The stored articles by address; none before the daemon has made its tables."""
    if not (terminal.folder / "demo.db").exists():
        return {}
    try:
        [rows] = terminal.show_and_read(asked=[EVERYTHING])
    except DemoError:  # the tables are being made at this moment
        return {}
    return {row["url"]: row for row in rows}


def last_run(terminal: Terminal) -> str:
    [runs] = terminal.show_and_read(asked=[("runs", "--limit", "1")])
    return str(runs[0]["status"])


def outage(site: Site, terminal: Terminal) -> None:
    """The site goes down and comes back; a person need not wait for the daemon's next try."""
    tell("The site goes down.")
    site.refuse()
    wait("a failed crawl", lambda: last_run(terminal) == "failed")
    terminal.do("status", code=1)
    time.sleep(DOWN)
    tell("It is back. The daemon would try again at that time; somebody does not want to wait:")
    site.listen()
    terminal.do("trigger", "caliber")
    wait("a good crawl", lambda: last_run(terminal) == "succeeded")


def look_again(terminal: Terminal, edited: set[str], *, short: bool, due_at: datetime) -> None:
    """Until the edits are known: by the daemon when their recrawl is due, or in short by hand."""
    if short:
        terminal.do("pause", "caliber")
        wait("the end of a crawl", lambda: last_run(terminal) == "succeeded")
        time.sleep(1.5)  # the daemon hears of it within a second
        wait("the end of a crawl", lambda: last_run(terminal) == "succeeded")
        terminal.do("crawl", "caliber", "--recrawl", "all")
        terminal.do("resume", "caliber")
    else:
        tell(f"At {due_at:%H:%M} UTC the edited articles are 15 minutes old and recrawled.")
    seconds = (due_at - datetime.now(UTC)).total_seconds()
    wait(
        "the edits",
        lambda: {url for url, row in stored(terminal).items() if row["revised_at"]} == edited,
        patience=PATIENCE + max(seconds, 0),
    )


def check(rows: Mapping[str, Mapping[str, Any]], site: Site, edited: set[str], before: Mapping[str, int]) -> None:
    """Compares what is stored with the site: which, their titles, their counts where they were recrawled."""
    for url, one in wanted(site).items():
        row = rows.get(url)
        if row is None or row["title"] != one.title or (row["revised_at"] is not None) != (url in edited):
            raise DemoError(f"{url}: the site has {one.title!r}, edited {url in edited}; stored is {row}")
        counts = {one.views} if url in edited else {one.views, before.get(url, one.views)}
        if row["view_count"] not in counts:
            raise DemoError(f"{url}: {row['view_count']} views are stored, the site showed {sorted(counts)}")
    if more := rows.keys() - wanted(site).keys():
        raise DemoError(f"{min(more)}: is stored, and was never on the site")


def tell_delays(status: Mapping[str, Any]) -> None:
    """Return the time from publication to row of the new articles."""
    lines = [line for line in status["delays"]["lines"] if line["day"] is None]
    if not lines:
        raise DemoError("no detection delay was measured")
    total = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in lines[0]["total"].items())
    tell(f"From publication (as printed, to the minute) to the row, {lines[0]['article_count']} articles: {total}")


def brief(log: str) -> Sequence[str]:
    """The daemon's own lines, without its times and without what only repeats."""
    lines = [line.partition(" ")[2] for line in log.splitlines()]
    chosen = [line for line in lines if not re.search(r": new \(|crawling caliber|not modified", line)]
    return [f"  {line[:150]}" for line in chosen[:16]] + [f"  ({len(lines)} lines in all)"]


def check_end(terminal: Terminal, hook: Receiver, log: str) -> None:
    """Raise DemoError unless the daemon left everything closed, delivered the match once, and logged no error."""
    [runs] = terminal.show_and_read(asked=[("runs", "--limit", "0")])
    if still := [run for run in runs if run["finished_at"] is None]:
        raise DemoError(f"{len(still)} crawls were left open")
    delivered = [one["title"] for one in hook.messages if ANSWER in one["title"] + one["message"]]
    if len(delivered) != 1:
        raise DemoError(f"the webhook received one article {len(delivered)} times")
    if "Traceback" in log:
        raise DemoError("the daemon's log has a trace", said=log)


if __name__ == "__main__":
    end_with_parent()
    kill_at_end_of_run()
    sys.exit(main())
