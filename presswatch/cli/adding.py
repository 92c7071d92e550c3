"""Add a source from its address: show what exploration found, ask what it could not know, write the declaration."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import click

from presswatch.cli.options import TIMEZONE_PARAM
from presswatch.cli.page_case import write_case
from presswatch.cli.site_options import LANGUAGE_PARAM
from presswatch.cli.source_check_text import render_fields
from scraper.crawl.exploration import Exploration
from scraper.crawl.page_parsing import parse_page
from scraper.parsing.source_urls import SourceUrls
from scraper.site_discovery.channels import FoundChannel
from scraper.site_discovery.sections import FoundSection
from scraper.source import ListingPage, PageSelectors, Source
from storage.config.parsers import unknown_name
from storage.model.errors import ConfigError
from storage.text.counts import counted
from storage.text.durations import format_time
from storage.text.sanitize import sanitize

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


def render_exploration(found: Exploration, answers: Answers) -> Iterator[str]:
    """Render what was found: channels, fields with their provenance, failures, language and time zone.

    What a person said stands before what the site says.
    """
    yield sanitize(f"site: {found.source.title}, {found.source.base_url}")
    yield from _render_channels(found)
    if found.source.article_path is not None:
        yield sanitize(f"article: {found.source.article_path}")
    yield f"fields of {counted(len(found.pages), 'article')}:"
    yield from render_fields(found.fields)
    for url, failure in found.failures.items():
        yield f"  {sanitize(url)}: {sanitize(failure)}"
    language = found.source.default_language if found.language_reason else None
    yield _known("language", answers.language, language, found.language_reason or "not said", "--language")
    yield _known("time zone", answers.timezone, found.zone, found.zone_reason, "--timezone")
    if found.views:
        yield sanitize(
            f"views: {found.views} may be the view count, on {found.views_pages} of {counted(len(found.pages), 'page')}"
        )
    for title, is_read in (("sections", True), ("sections that only its navigation names", False)):
        if shown := [section.shown for section in found.sections if section.is_read is is_read]:
            yield sanitize(f"{title}: {', '.join(shown)}")


def _render_channels(found: Exploration) -> Iterator[str]:
    for channel in found.channels:
        yield sanitize(_channel_line("channel", channel))
    for other in found.others:
        if isinstance(other, FoundChannel):
            yield sanitize(_channel_line("not needed", other))


def _known(title: str, said: str | None, found: str | None, reason: str, option: str) -> str:
    """Return the line of a value that a person said, or that was found, or that is not known."""
    if said is None:
        return sanitize(f"{title}: {found or 'unknown'} ({reason})")
    other = f"; the site: {found}, {reason}" if found not in {None, said} else ""
    return sanitize(f"{title}: {said} ({option}{other})")


def _channel_line(title: str, found: FoundChannel) -> str:
    pages = ", in pages" if isinstance(found.channel, ListingPage) and found.channel.paging is not None else ""
    named = f"{found.kind} {found.channel.path}, {_listed(found)}{pages} ({found.origin})"
    return f"{title}: {named}{f': {found.reason}' if found.reason else ''}"


def _listed(channel: FoundChannel) -> str:
    newest = "" if channel.newest is None else f", the newest of {format_time(channel.newest)}"
    return counted(len(channel.links), "article") + newest


def settle(found: Exploration, answers: Answers) -> Source:
    """Return the source as it is declared, asking for what is not known.

    Raises ConfigError if the site has no such section, or if something is not known and nobody can be asked.
    """
    sections = None if answers.sections is None else choose_sections(found.sections, answers.sections)
    language = answers.language or found.source.default_language
    if not language:
        language = _ask("Language of the site, such as en", "--language", LANGUAGE_PARAM, answers)
    zone = answers.timezone or found.zone
    if zone is None and answers.yes and _has_exact_dates(found):
        zone = "UTC"  # every date says its own offset
    if zone is None:
        zone = _ask("Time zone of dates without one, such as Asia/Baku", "--timezone", TIMEZONE_PARAM, answers)
    page = PageSelectors(views=(found.views,)) if found.views and _takes_views(found, answers) else PageSelectors()
    if sections is None:
        sections = _ask_for_sections(found, answers)
    return _with_sections(replace(found.source, default_language=language, timezone=zone, page=page), sections)


def _with_sections(source: Source, sections: Sequence[FoundSection]) -> Source:
    """Return the source with the sections to keep, each with its other names, if one has any."""
    kept = {section.name: section.names for section in sections}
    has_others = any(names != {name} for name, names in kept.items())
    return replace(source, sections=tuple(kept), section_names=kept if has_others else {})


def choose_sections(found: Sequence[FoundSection], typed: Iterable[str]) -> tuple[FoundSection, ...]:
    """Return the sections that a person names by a label or a slug. Raises ConfigError for one that is not there."""
    chosen: dict[str, FoundSection] = {}
    for name in typed:
        section = next((one for one in found if one.is_called(name)), None)
        if section is None:
            slugs = [name for one in found for name in one.names]
            raise ConfigError(unknown_name("section", name, [one.label for one in found], others=slugs))
        chosen[section.name] = section
    return tuple(chosen.values())


def _takes_views(found: Exploration, answers: Answers) -> bool:
    """Return whether the proposed view count is read: only if a person says so."""
    if answers.views is not None or answers.yes:
        return bool(answers.views)
    with _answered("Read view counts or not", "--views or --no-views"):
        return bool(click.confirm(f"Read view counts from {sanitize(found.views or '')}?", default=False, err=True))


def _ask(question: str, option: str, kind: click.ParamType[str], answers: Answers) -> str:
    if answers.yes:
        raise ConfigError(f"the site does not say it: {question[0].lower()}{question[1:]}; name it with {option}")
    with _answered(question, option):
        return str(click.prompt(question, err=True, type=kind))


@contextmanager
def _answered(question: str, option: str) -> Iterator[None]:
    """Raise ConfigError if the input ends before a question is answered; an interrupt stays one."""
    try:
        yield
    except click.Abort as error:
        if not isinstance(error.__context__, EOFError):
            raise
        click.echo(err=True)
        raise ConfigError(f"no answer to: {question}; nobody can be asked, so give it with {option}") from error


def _has_exact_dates(found: Exploration) -> bool:
    dates = [page.article.published_raw or "" for page in found.pages.values()]
    return bool(dates) and all(date.endswith("Z") or "+" in date or " GMT" in date for date in dates)


def _ask_for_sections(found: Exploration, answers: Answers) -> tuple[FoundSection, ...]:
    """Ask for the sections to keep until all of them are known; none keeps all."""
    if answers.yes or not found.sections:
        return ()

    def chosen(text: str) -> tuple[FoundSection, ...]:
        try:
            return choose_sections(found.sections, filter(None, map(str.strip, text.split(","))))
        except ConfigError as error:
            raise click.UsageError(str(error)) from error

    question = "Sections to keep, separated by commas (empty: all)"
    with _answered(question, "--section, or keep all with --yes"):
        kept: tuple[FoundSection, ...] = click.prompt(
            question, default="", show_default=False, err=True, value_proc=chosen
        )
    return kept


def save_cases(found: Exploration, source: Source, folder: Path) -> list[Path]:
    """Save some of the pages as test cases, with what is read of them by the declaration."""
    jobs = [replace(job, urls=SourceUrls(source)) for job in list(found.jobs.values())[:MAX_CASES]]
    return [write_case(folder / str(number), job, parse_page(job)) for number, job in enumerate(jobs, 1)]
