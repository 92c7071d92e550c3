"""Add a source from its address: show what exploration found, ask what it could not know, write the declaration."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import click

from presswatch.cli.page_case import write_case
from presswatch.cli.source_check_text import render_fields
from scraper.crawl.exploration import Exploration
from scraper.crawl.page_parsing import parse_page
from scraper.declarations.source_text import source_as_toml
from scraper.parsing.source_urls import SourceUrls
from scraper.site_discovery.channels import FoundChannel
from scraper.source import PageSelectors, Source
from storage.config.parsers import timezone_name
from storage.config.toml_text import as_toml
from storage.model.errors import ConfigError
from storage.text.durations import format_time
from storage.text.sanitize import sanitize
from storage.text.section_names import normalize_section

MAX_CASES = 3
"""Pages that are saved as test cases."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What a person says about the new source; None: asked for, or taken from the site with `yes`."""

    language: str | None = None
    timezone: str | None = None
    sections: tuple[str, ...] | None = None
    views: bool | None = None
    yes: bool = False


def render_exploration(found: Exploration) -> Iterator[str]:
    """Render what was found: channels, fields with their provenance, failures, language and time zone."""
    yield sanitize(f"site: {found.source.title}, {found.source.base_url}")
    for channel in found.channels:
        yield sanitize(f"channel: {channel.kind} {channel.channel.path}, {_listed(channel)} ({channel.origin})")
    for other in found.others:
        if isinstance(other, FoundChannel):
            yield sanitize(f"not needed: {other.kind} {other.channel.path}, {_listed(other)} ({other.origin})")
    if found.source.article_path is not None:
        yield sanitize(f"article: {found.source.article_path}")
    yield f"fields of {len(found.pages)} articles:"
    yield from render_fields(found.fields)
    for url, failure in found.failures.items():
        yield f"  {sanitize(url)}: {sanitize(failure)}"
    yield sanitize(f"language: {found.source.default_language or 'unknown'} ({found.language_reason or 'not said'})")
    yield sanitize(f"time zone: {found.zone or 'unknown'} ({found.zone_reason})")
    if found.views:
        yield sanitize(
            f"views: {found.views} may be the view count, on {found.views_pages} of {len(found.pages)} pages"
        )
    if found.sections:
        yield sanitize(f"sections: {', '.join(found.sections)}")


def _listed(channel: FoundChannel) -> str:
    newest = "" if channel.newest is None else f", the newest of {format_time(channel.newest)}"
    return f"{len(channel.links)} articles{newest}"


def settle(found: Exploration, answers: Answers) -> tuple[Source, tuple[str, ...]]:
    """Return the source and the sections to keep, asking for what is not known.

    Raises ConfigError if something is not known and nobody can be asked.
    """
    language = answers.language or found.source.default_language
    if not language:
        language = _ask("Language of the site, such as en", "--language", answers)
    zone = answers.timezone or found.zone
    if zone is None and answers.yes and _has_exact_dates(found):
        zone = "UTC"  # every date says its own offset
    if zone is None:
        zone = _ask("Time zone of dates without one, such as Asia/Baku", "--timezone", answers)
    try:
        zone = timezone_name(zone) or "UTC"
    except ValueError as error:
        raise ConfigError(f"--timezone: {error}") from error
    page = PageSelectors(views=(found.views,)) if found.views and _takes_views(found, answers) else PageSelectors()
    source = replace(found.source, default_language=language, timezone=zone, page=page)
    return source, _sections(found, answers)


def _takes_views(found: Exploration, answers: Answers) -> bool:
    """Return whether the proposed view count is read: only if a person says so."""
    if answers.views is not None or answers.yes:
        return bool(answers.views)
    return bool(click.confirm(f"Read view counts from {sanitize(found.views or '')}?", default=False, err=True))


def _ask(question: str, option: str, answers: Answers) -> str:
    if answers.yes:
        raise ConfigError(f"the site does not say it: {question[0].lower()}{question[1:]}; name it with {option}")
    return str(click.prompt(question, err=True)).strip()


def _has_exact_dates(found: Exploration) -> bool:
    dates = [page.article.published_raw or "" for page in found.pages.values()]
    return bool(dates) and all(date.endswith("Z") or "+" in date or " GMT" in date for date in dates)


def _sections(found: Exploration, answers: Answers) -> tuple[str, ...]:
    if answers.sections is not None or answers.yes or not found.sections:
        return tuple(filter(None, map(normalize_section, answers.sections or ())))
    text = click.prompt("Sections to keep, separated by commas (empty: all)", default="", show_default=False, err=True)
    return tuple(filter(None, map(normalize_section, str(text).split(","))))


def declaration(source: Source, sections: Sequence[str]) -> str:
    """Return the text of the declaration, with the sections to keep as a setting."""
    toml = source_as_toml(source)
    if not sections:
        return toml
    head, mark, rest = toml.partition("\n[[channels]]")
    return f"{head}sections = {as_toml(list(sections))}\n{mark}{rest}"


def save_cases(found: Exploration, source: Source, folder: Path) -> list[Path]:
    """Save some of the pages as test cases, with what is read of them by the declaration."""
    jobs = [replace(job, urls=SourceUrls(source)) for job in list(found.jobs.values())[:MAX_CASES]]
    return [write_case(folder / str(number), job, parse_page(job)) for number, job in enumerate(jobs, 1)]
