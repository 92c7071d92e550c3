"""The command line: a table of commands, each module loaded when its command is called."""

from __future__ import annotations

import click

from presswatch.cli import bash_completion
from presswatch.cli.group import LazyCommand, LazyGroup
from storage.model.version import VERSION

ROOM = "presswatch.cli.commands"

COMMANDS = {
    "crawl": LazyCommand(
        "presswatch.cli.commands.crawl", "Crawl sources once: new articles, and recrawls that are due."
    ),
    "parse": LazyCommand(
        "presswatch.cli.commands.parse", "Parse a page of any site, or in a file, and print every field; store nothing."
    ),
    "sources": LazyCommand(f"{ROOM}.sources", "List, show, check and add the sources that can be crawled."),
    "daemon": LazyCommand(f"{ROOM}.daemon", "Crawl every source on its schedule until stopped."),
    "worker": LazyCommand(
        "presswatch.cli.cluster.worker", "Run the crawls that a daemon queues, on any machine (PostgreSQL)."
    ),
    "status": LazyCommand(
        "presswatch.cli.commands.status", "Show the status of every source; exit code 1 if any is unhealthy."
    ),
    "pause": LazyCommand(f"{ROOM}.control", "Stop polling a source until it is resumed."),
    "resume": LazyCommand(f"{ROOM}.control", "Resume polling a paused source."),
    "trigger": LazyCommand(f"{ROOM}.control", "Ask the running daemon to crawl a source now."),
    "identity": LazyCommand(f"{ROOM}.identity", "Make and show the key that signs requests (Web Bot Auth)."),
    "events": LazyCommand(f"{ROOM}.events", "List events: silent, drift, blocked, gap, gone, edited."),
    "query": LazyCommand(f"{ROOM}.query", "List or count stored articles."),
    "export": LazyCommand(
        "presswatch.cli.commands.export", "Export articles: Parquet, CSV, JSON Lines, Excel, SQLite."
    ),
    "report": LazyCommand(f"{ROOM}.report", "Report on a period: articles, coverage, problems."),
    "coverage": LazyCommand(
        "presswatch.cli.claims.coverage", "Show what could not be seen of each source in a period, and why."
    ),
    "absent": LazyCommand(
        "presswatch.cli.claims.absent", "Prove a negative: no article said so in a period, and what was not visible."
    ),
    "first": LazyCommand("presswatch.cli.claims.first", "Show which source said so first, as far as it is proven."),
    "sql": LazyCommand(f"{ROOM}.sql", "Run a read-only SQL query."),
    "show": LazyCommand(f"{ROOM}.show", "Show one article with its view readings and revisions."),
    "views": LazyCommand(
        "presswatch.cli.commands.views", "Show the view counts of an article, or the articles that gained most."
    ),
    "history": LazyCommand(f"{ROOM}.history", "Show the text versions of an article, with diffs."),
    "runs": LazyCommand(f"{ROOM}.runs", "List past crawls."),
    "inspect": LazyCommand(
        "presswatch.cli.commands.inspect", "Show the history of one URL: listings, fetches, outcome."
    ),
    "watch": LazyCommand(f"{ROOM}.watch", "Save queries and be notified of new articles that match."),
    "open": LazyCommand(f"{ROOM}.show", "Open the page of an article in a browser.", "open_article"),
    "serve": LazyCommand("presswatch.web.command", "Serve pages of what is stored to a browser on this machine."),
    "mcp": LazyCommand(
        "presswatch.mcp.command", "Answer the questions of an assistant (Model Context Protocol) over stdin and stdout."
    ),
    "config": LazyCommand(f"{ROOM}.config", "Print the effective settings and the origin of each."),
    "db": LazyCommand(f"{ROOM}.db", "Manage the database: info, upgrade, reindex."),
    "help": LazyCommand("presswatch.cli.help_command", "Show the help of a command.", "show_help"),
}


bash_completion.register()


@click.group(
    cls=LazyGroup,
    lazy=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(VERSION, prog_name="presswatch")
def main() -> None:
    """Monitor news sites: store every article once, follow its views and edits over time."""
