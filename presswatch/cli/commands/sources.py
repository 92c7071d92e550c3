"""`presswatch sources`: list, show, check, add, import and export the sources that can be crawled."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from presswatch.cli.arguments import CommandGroup
from presswatch.cli.commands.crawl import configure_logs
from presswatch.cli.completion import complete_source
from presswatch.cli.group import config_options, debug_option
from presswatch.cli.options import TIMEZONE_PARAM, details_format_option, format_options
from presswatch.cli.site_options import (
    LANGUAGE_PARAM,
    NEW_NAME_PARAM,
    USER_AGENT_PARAM,
    timezone_option,
)
from presswatch.cli.source_files import check_folder, check_name, folder_of, write_declaration
from presswatch.output import formats
from presswatch.output.records import Record, display_value, print_notice, write_records
from scraper.crawl.chromium import find_browser
from scraper.crawl.options import CrawlOptions
from scraper.source import Feed, Source, first_path
from scraper.sources import Sources, load_crawl_config, load_sources
from storage.config.logging_setup import print_error
from storage.config.settings import Config
from storage.model.errors import ConfigError, PresswatchError
from storage.text.counts import counted
from storage.text.sanitize import sanitize

if TYPE_CHECKING:
    from scraper.crawl.source_check import SourceCheck

COLUMNS = ("name", "title", "home", "channels", "terms")
TABLE_COLUMNS = (
    formats.TableColumn("NAME"),
    formats.TableColumn("TITLE", leaves=3),
    formats.TableColumn("HOME"),
    formats.TableColumn("CHANNELS", leaves=2),
    formats.TableColumn("TERMS", is_flexible=True, leaves=1),
)

_config_option = click.option(
    "--config", "config_path", metavar="FILE", help="Configuration file (default: presswatch.toml, if it exists)."
)


@click.group(cls=CommandGroup)
def sources() -> None:
    """List, show, check and add the sources that can be crawled."""


@sources.command("list")
@format_options
@_config_option
@debug_option
def list_sources(form: str, raw: bool, config_path: str | None) -> int:
    """List the sources that can be crawled. Exit code 2 if a declaration is invalid."""
    known = load_sources(load_crawl_config(config_path))
    records = (
        {
            "name": source.name,
            "title": source.title,
            "home": source.base_url,
            "channels": tuple(first_path(channel) for channel in source.channels),
            "terms": source.terms,
        }
        for source in known.values()
    )
    write_records(records, COLUMNS, form, raw=raw, table=_as_table)
    return _print_problems(known)


def _as_table(records: Sequence[Record], columns_wide: int) -> list[str]:
    rows = [[display_value(record[name]) for name in COLUMNS] for record in records]
    return formats.render_table(TABLE_COLUMNS, rows, columns_wide=columns_wide)


def _print_problems(known: Sources) -> int:
    return max((print_error(f"{name}: {problem}", 2) for name, problem in known.problems.items()), default=0)


@sources.command()
@click.argument("name", shell_complete=complete_source)
@_config_option
@debug_option
def show(name: str, config_path: str | None) -> None:
    """Print the declaration of a source as TOML, as a file of sources.d."""
    from scraper.declarations.source_text import source_as_toml  # noqa: PLC0415  (start-up time: the page parsers)

    source = load_sources(load_crawl_config(config_path)).named(name)
    formats.print_lines(source_as_toml(source).splitlines())


@sources.command()
@click.argument("names", nargs=-1, metavar="[NAME]...", shell_complete=complete_source)
@click.option("--base-url", metavar="URL", help="Base URL of another copy of the site, such as http://127.0.0.1:8099.")
@details_format_option
@config_options
def check(names: Sequence[str], base_url: str | None, form: str, config_path: str | None, database: str | None) -> int:
    """Poll each channel live and read a few articles of it: what is read, field by field. Stores nothing.

    Without a name: every source. Exit codes: 0 everything is read, 1 something is not, 2 invalid usage, configuration
    or declaration.
    """
    config = load_crawl_config(config_path, database=database)
    known = load_sources(config)
    selected = [known.named(name) for name in dict.fromkeys(names)] or list(known.values())
    if base_url is not None and len(selected) != 1:
        raise ConfigError("--base-url needs exactly one NAME")
    configure_logs(verbose=False)
    from scraper.engine.event_loop import run_async  # noqa: PLC0415  (start-up time: Scrapy, 0.3 s)

    options = CrawlOptions(base_url=base_url)
    checks = run_async(_check_all(selected, config, options))
    if form == "json":
        formats.write_stdout([formats.as_json([formats.as_dict(one) for one in checks], indent=2), "\n"])
    else:
        from presswatch.cli.source_check_text import render_check  # noqa: PLC0415

        formats.print_lines(line for one in checks for line in render_check(one))
    problems = 0 if names else _print_problems(known)
    return max(problems, int(not all(one.is_good for one in checks)))


async def _check_all(selected: Sequence[Source], config: Config, options: CrawlOptions) -> list[SourceCheck]:
    return list(await asyncio.gather(*(_check_one(source, config, options) for source in selected)))


async def _check_one(source: Source, config: Config, options: CrawlOptions) -> SourceCheck:
    from scraper.crawl.session import SourceContext, channels_of  # noqa: PLC0415
    from scraper.crawl.source_check import Fetch, SourceCheck, check_source  # noqa: PLC0415
    from scraper.engine.run import probe  # noqa: PLC0415

    channels = channels_of(source, config.source(source.name))

    async def work(fetch: Fetch) -> SourceCheck:
        return await check_source(context, channels, fetch)

    try:
        context = SourceContext(source=source, config=config, options=options)
        return await probe(context, work)
    except PresswatchError as error:
        return SourceCheck(source=source.name, problem=str(error))


@sources.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--language",
    metavar="CODE",
    type=LANGUAGE_PARAM,
    default="en",
    show_default=True,
    help="Language of sites that say none.",
)
@timezone_option("Time zone of dates without one.")
@_config_option
@debug_option
def import_opml(file: Path, language: str, timezone: str, config_path: str | None) -> int:
    """Declare the feeds of an OPML file, which feed readers export: one file in sources.d a site.

    Says what is assumed of each site, because the file does not state it. Existing files are kept. Exit code 1 if a
    feed could not be declared.
    """
    from scraper.declarations.source_text import source_as_toml  # noqa: PLC0415
    from scraper.site_discovery.opml import read_opml  # noqa: PLC0415

    config = load_crawl_config(config_path)
    check_folder(config)
    known = load_sources(config)
    files = [path.stem for path in folder_of(config).glob("*.toml")]
    found, refused = read_opml(
        file.read_bytes(), language=language, timezone=timezone, known=known, taken=[*known.problems, *files]
    )
    said = {name for name in ("language", "timezone") if _is_typed(name)}
    for source, has_language in found:
        assumed = {} if has_language or "language" in said else {"language": source.default_language}
        assumed |= {} if "timezone" in said else {"timezone": source.timezone}
        note = f"# assumed, for the file that was imported does not state it: {', '.join(assumed)}\n" if assumed else ""
        written = write_declaration(config, source.name, note + source_as_toml(source))
        listed = ", ".join(f"{name} {value}" for name, value in assumed.items())
        advice = f"; assumed: {listed}: correct it there" if assumed else ""
        click.echo(f"{written}: {source.base_url}, {counted(len(source.channels), 'feed')}{advice}")
    for line in refused:
        print_notice(line)
    return int(bool(refused))


def _is_typed(option: str) -> bool:
    """Return whether a person gave an option of the running command."""
    return click.get_current_context().get_parameter_source(option) is not ParameterSource.DEFAULT


@sources.command("export")
@_config_option
@debug_option
def export_opml(config_path: str | None) -> int:
    """Print the feeds of all sources as OPML, which feed readers import; say which sources have no feed.

    Exit code 2 if a declaration is invalid.
    """
    from scraper.site_discovery.opml import write_opml  # noqa: PLC0415

    known = load_sources(load_crawl_config(config_path))
    formats.write_stdout([write_opml(known.values())])
    omitted = [name for name, source in known.items() if not any(isinstance(one, Feed) for one in source.channels)]
    if omitted:
        print_notice(f"left out, for they have no feed: {', '.join(omitted)}")
    return _print_problems(known)


@sources.command()
@click.argument("url")
@click.option(
    "--name", metavar="NAME", type=NEW_NAME_PARAM, help="Name of the source (default: made of its host name)."
)
@click.option(
    "--language",
    metavar="CODE",
    type=LANGUAGE_PARAM,
    help="Language of its articles, such as en, if the site does not say it.",
)
@click.option("--timezone", metavar="ZONE", type=TIMEZONE_PARAM, help="Time zone of its dates, such as Asia/Baku.")
@click.option("--section", "sections", multiple=True, metavar="NAME", help="Section to keep; can be repeated.")
@click.option(
    "--user-agent",
    metavar="TEXT",
    type=USER_AGENT_PARAM,
    help="User-Agent of requests to this site, instead of the general one.",
)
@click.option("--render", is_flag=True, help="Its pages are filled by script: render them in a browser.")
@click.option("--views/--no-views", default=None, help="Read view counts where they are found, or do not.")
@click.option("--yes", is_flag=True, help="Ask nothing: take what the site says; exit code 2 if it does not say it.")
@_config_option
@debug_option
def add(  # noqa: PLR0913  (a command's options)
    url: str,
    name: str | None,
    language: str | None,
    timezone: str | None,
    sections: Sequence[str],
    *,
    user_agent: str | None,
    render: bool,
    views: bool | None,
    yes: bool,
    config_path: str | None,
) -> int:
    """Find the channels of the site at URL, read five of its articles and declare it in sources.d.

    Looks at robots.txt, the home page and usual addresses, as politely as a crawl. Shows every field with its
    provenance, asks what the site does not say, and saves pages as test cases beside the declaration. Exit codes: 0
    declared, 1 no article could be read, 2 invalid usage, or nothing was found.
    """
    from presswatch.cli import adding  # noqa: PLC0415  (start-up time: Scrapy, the page parsers)
    from scraper.crawl.exploration import Exploration, explore  # noqa: PLC0415
    from scraper.crawl.session import SourceContext  # noqa: PLC0415
    from scraper.crawl.source_check import Fetch  # noqa: PLC0415
    from scraper.declarations.source_text import source_as_toml  # noqa: PLC0415
    from scraper.engine.event_loop import run_async  # noqa: PLC0415
    from scraper.engine.run import probe  # noqa: PLC0415

    config = load_crawl_config(config_path)
    source = replace(
        _provisional_source(config, url, name, language=language or "", timezone=timezone or "UTC"),
        user_agent=user_agent,
        render=render,
    )
    if render:
        find_browser(config.scraper.browser, reason="--render renders pages in a browser")
    configure_logs(verbose=False)
    context = SourceContext(source=source, config=config, options=CrawlOptions())

    async def work(fetch: Fetch) -> Exploration:
        return await explore(context, fetch, lambda line: click.echo(sanitize(line), err=True))

    found = run_async(probe(context, work))
    answers = adding.Answers(
        language=language, timezone=timezone, sections=tuple(sections) or None, views=views, yes=yes
    )
    formats.print_lines(adding.render_exploration(found, answers))
    if not found.pages:
        return print_error(f"{source.base_url}: no article could be read; nothing is written", 1)
    settled = adding.settle(found, answers)
    file = write_declaration(config, settled.name, source_as_toml(settled))
    cases = adding.save_cases(found, settled, file.parent / "cases" / settled.name)
    click.echo(
        f"{file}: written, with {counted(len(cases), 'page')} as cases in {file.parent / 'cases' / settled.name}"
    )
    click.echo(
        f"presswatch sources check {settled.name} reads it live; presswatch crawl {settled.name} stores articles"
    )
    return 0


def _provisional_source(config: Config, url: str, name: str | None, *, language: str, timezone: str) -> Source:
    """Return a source of which only the address is known. Raises ConfigError."""
    from scraper.site_discovery.opml import site_of, source_name  # noqa: PLC0415  (start-up time: lxml)

    known = load_sources(config)
    address = url if "://" in url else f"https://{url}"
    match = re.match(r"https?://[^/?#\\\s]+", address, re.IGNORECASE)
    site = site_of(address)
    if match is None or site is None:
        raise ConfigError(f"{url} is no address of a site; write one such as https://news.example.net/")
    for source in known.values():
        if site_of(source.base_url) == site and name in {None, source.name}:
            raise ConfigError(f"{source.name} is a source of {site} already; declare another one with --name")
    chosen = name or source_name(address, {*known, *known.problems})
    check_folder(config)
    check_name(config, chosen, known)
    return Source(
        name=chosen,
        title=chosen,
        base_url=match[0],
        default_language=language,
        timezone=timezone,
        channels=(),
    )
