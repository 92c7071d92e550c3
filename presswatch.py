"""The one command: mounts the commands of the three packages and loads each only when it is asked for."""

from __future__ import annotations

import click

from storage.console import Command, CommandGroup
from storage.version import VERSION

COMMANDS = {
    "crawl": Command("scraper.cli", "Crawl sources now: fetch what is new, look again at what is due."),
    "read": Command("scraper.cli", "Fetch and read one page, print every field; store nothing."),
    "sources": Command("scraper.cli", "List the sources that can be crawled."),
    "daemon": Command("scheduler.cli", "Keep every source up to date until told to stop."),
    "status": Command("scheduler.cli", "How every source stands; exit code 1 if something is wrong."),
    "pause": Command("scheduler.cli", "Look at a source no more until it is resumed."),
    "resume": Command("scheduler.cli", "Look at a paused source again."),
    "now": Command("scheduler.cli", "Ask the running daemon to crawl a source now."),
    "events": Command("scheduler.cli", "What happened: silent, drift, blocked, gap, gone, back, edited."),
    "query": Command("storage.cli", "Ask for stored articles."),
    "export": Command("storage.export_cli", "Write articles to a file: Parquet, CSV, JSON Lines, Excel, SQLite."),
    "report": Command("storage.report_cli", "What a period brought, and how well it was watched."),
    "sql": Command("storage.sql_cli", "Ask the database in its own language; reading only."),
    "show": Command("storage.cli", "Show one article whole: its views and its earlier wordings."),
    "views": Command("storage.views_cli", "Show how the views of an article grew, or what gained most."),
    "history": Command("storage.history_cli", "Show every wording of an article, with what was edited."),
    "runs": Command("storage.cli", "Show past crawls."),
    "explain": Command("storage.cli", "Tell the whole story of one address: listed, tried, outcome, why."),
    "watch": Command("scheduler.watch_cli", "Save questions and be told of new articles that answer them."),
    "config": Command("scheduler.config_cli", "Print every setting in force and where it comes from."),
    "db": Command("storage.db_cli", "Look after the database."),
}


@click.group(
    cls=CommandGroup,
    lazy=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(VERSION, prog_name="presswatch")
def main() -> None:
    """Watch what a news site publishes: every article once, its views and edits followed over time."""


if __name__ == "__main__":
    main()
