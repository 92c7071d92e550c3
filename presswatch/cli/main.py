"""The command line: a table of commands, each module loaded when its command is called."""

from __future__ import annotations

import click

from presswatch.cli.group import LazyCommand, LazyGroup
from storage.model.version import VERSION

COMMANDS = {
    "crawl": LazyCommand("presswatch.cli.crawl", "Crawl sources once: new articles, and recrawls that are due."),
    "parse": LazyCommand("presswatch.cli.parse", "Fetch and parse one page, print every field; store nothing."),
    "sources": LazyCommand("presswatch.cli.sources", "List the sources that can be crawled."),
    "daemon": LazyCommand("presswatch.cli.daemon", "Crawl every source on its schedule until stopped."),
    "status": LazyCommand("presswatch.cli.status", "Show the status of every source; exit code 1 if any is unhealthy."),
    "pause": LazyCommand("presswatch.cli.control", "Stop polling a source until it is resumed."),
    "resume": LazyCommand("presswatch.cli.control", "Resume polling a paused source."),
    "trigger": LazyCommand("presswatch.cli.control", "Ask the running daemon to crawl a source now."),
    "events": LazyCommand("presswatch.cli.events", "List events: silent, drift, blocked, gap, gone, edited."),
    "query": LazyCommand("presswatch.cli.query", "List or count stored articles."),
    "export": LazyCommand("presswatch.cli.export", "Export articles: Parquet, CSV, JSON Lines, Excel, SQLite."),
    "report": LazyCommand("presswatch.cli.report", "Report on a period: articles, coverage, problems."),
    "sql": LazyCommand("presswatch.cli.sql", "Run a read-only SQL query."),
    "show": LazyCommand("presswatch.cli.show", "Show one article with its view readings and revisions."),
    "views": LazyCommand(
        "presswatch.cli.views", "Show the view counts of an article, or the articles that gained most."
    ),
    "history": LazyCommand("presswatch.cli.history", "Show the text versions of an article, with diffs."),
    "runs": LazyCommand("presswatch.cli.runs", "List past crawls."),
    "inspect": LazyCommand("presswatch.cli.inspect", "Show the history of one URL: listings, fetches, outcome."),
    "watch": LazyCommand("presswatch.cli.watch", "Save queries and be notified of new articles that match."),
    "config": LazyCommand("presswatch.cli.config", "Print the effective settings and the origin of each."),
    "db": LazyCommand("presswatch.cli.db", "Manage the database: info, upgrade, reindex."),
}


@click.group(
    cls=LazyGroup,
    lazy=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(VERSION, prog_name="presswatch")
def main() -> None:
    """Monitor news sites: store every article once, follow its views and edits over time."""
