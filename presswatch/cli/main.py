"""The one command: mounts the commands of the three packages and loads each only when it is asked for."""

from __future__ import annotations

import click

from presswatch.cli.group import Command, CommandGroup
from storage.version import VERSION

COMMANDS = {
    "crawl": Command("presswatch.cli.crawl", "Crawl sources now: fetch what is new, look again at what is due."),
    "read": Command("presswatch.cli.crawl", "Fetch and read one page, print every field; store nothing."),
    "sources": Command("presswatch.cli.crawl", "List the sources that can be crawled."),
    "daemon": Command("presswatch.cli.daemon", "Keep every source up to date until told to stop."),
    "status": Command("presswatch.cli.daemon", "How every source stands; exit code 1 if something is wrong."),
    "pause": Command("presswatch.cli.daemon", "Look at a source no more until it is resumed."),
    "resume": Command("presswatch.cli.daemon", "Look at a paused source again."),
    "now": Command("presswatch.cli.daemon", "Ask the running daemon to crawl a source now."),
    "events": Command("presswatch.cli.daemon", "What happened: silent, drift, blocked, gap, gone, back, edited."),
    "query": Command("presswatch.cli.query", "Ask for stored articles."),
    "export": Command("presswatch.cli.export", "Write articles to a file: Parquet, CSV, JSON Lines, Excel, SQLite."),
    "report": Command("presswatch.cli.report", "What a period brought, and how well it was watched."),
    "sql": Command("presswatch.cli.sql", "Ask the database in its own language; reading only."),
    "show": Command("presswatch.cli.query", "Show one article whole: its views and its earlier wordings."),
    "views": Command("presswatch.cli.views", "Show how the views of an article grew, or what gained most."),
    "history": Command("presswatch.cli.history", "Show every wording of an article, with what was edited."),
    "runs": Command("presswatch.cli.query", "Show past crawls."),
    "explain": Command("presswatch.cli.query", "Tell the whole story of one address: listed, tried, outcome, why."),
    "watch": Command("presswatch.cli.watch", "Save questions and be told of new articles that answer them."),
    "config": Command("presswatch.cli.config", "Print every setting in force and where it comes from."),
    "db": Command("presswatch.cli.db", "Look after the database."),
}


@click.group(
    cls=CommandGroup,
    lazy=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(VERSION, prog_name="presswatch")
def main() -> None:
    """Watch what a news site publishes: every article once, its views and edits followed over time."""
