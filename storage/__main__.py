"""`python -m storage`: the commands that ask the stored articles, and take them out."""

from storage.cli import commands
from storage.console import Command

commands.lazy |= {
    "views": Command("storage.views_cli", "How the views of articles grew."),
    "history": Command("storage.history_cli", "Every wording of an article."),
    "export": Command("storage.export_cli", "Write articles to a file: Parquet, CSV, JSON Lines, Excel, SQLite."),
    "report": Command("storage.report_cli", "What a period brought, and how well it was watched."),
    "db": Command("storage.db_cli", "Look after the database."),
    "sql": Command("storage.sql_cli", "Ask the database in its own language; reading only."),
}
commands(prog_name="python -m storage")
