"""Render the view series of an article and the articles that gained most as tables with a sparkline."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from presswatch.output.display_zone import format_time, zone_note
from presswatch.output.formats import TableColumn, render_table
from presswatch.output.tables import ADDRESS_COLUMNS, address_cells, credit, format_count, source_credits
from storage.articles.details import ArticleViews
from storage.articles.view_gains import RankedAtAge, RankedGain
from storage.articles.view_series import ONE_HOUR, EstimateBasis, ViewDelta, ViewGain, ViewsAtAge, normalize, views_at
from storage.text.durations import NO_DURATION, format_duration
from storage.text.sanitize import sanitize

BAR_LEVELS = "▁▂▃▄▅▆▇█"
SPARKLINE_WIDTH = 40
"""Characters of a sparkline, spread evenly over the time from the first reading to the last."""

SERIES_COLUMNS = (
    TableColumn("READ"),
    TableColumn("VIEWS", align_right=True),
    TableColumn("GAINED", align_right=True, leaves=3),
    TableColumn("PER HOUR", align_right=True, leaves=2),
    TableColumn("AFTER", align_right=True, leaves=1),
)
AGE_COLUMNS = (
    TableColumn("AGE"),
    TableColumn("AT", leaves=2),
    TableColumn("VIEWS", align_right=True),
    TableColumn("GAP", align_right=True, leaves=1),
    TableColumn("BASIS", is_flexible=True),
)
TOP_COLUMNS = (
    TableColumn("ID", align_right=True),
    TableColumn("PUBLISHED", leaves=5),
    TableColumn("GAINED", align_right=True),
    TableColumn("PER HOUR", align_right=True, leaves=3),
    TableColumn("OVER", align_right=True, leaves=1),
    TableColumn("VIEWS", align_right=True, leaves=4),
)


def render_views(views: Sequence[ArticleViews], *, columns_wide: int) -> Iterator[str]:
    """Render the series of one article with gains and a sparkline, then the views at each age."""
    (article_views,) = views
    article = article_views.article
    yield sanitize(article.title)
    yield sanitize(article.url)
    yield f"published {format_time(article.published_at, article.published_precision)}"
    yield ""
    if not article_views.series:
        yield "no view readings"
    else:
        yield f"views  {sparkline(article_views)}"
        yield from render_table(SERIES_COLUMNS, map(_delta_row, article_views.series), columns_wide=columns_wide)
        yield ""
        yield from _ages(article_views, columns_wide)
    yield ""
    yield credit(article.source_title, article.source, article.terms)
    yield f"fetched {format_time(article.fetched_at)}"
    yield zone_note()


def _ages(article_views: ArticleViews, columns_wide: int) -> Iterator[str]:
    if article_views.at_age is None:
        yield "views at an age: unknown: the page has no publication time to the minute"
    else:
        yield from render_table(AGE_COLUMNS, map(_age_row, article_views.at_age), columns_wide=columns_wide)


def _delta_row(delta: ViewDelta) -> list[str]:
    gained = "reset" if delta.is_reset else NO_DURATION if delta.gained is None else f"+{delta.gained}"
    return [
        format_time(delta.read_at),
        str(delta.view_count),
        gained,
        format_hourly_rate(delta.per_hour),
        _format_duration(delta.duration),
    ]


def _age_row(at_age: ViewsAtAge) -> list[str]:
    views = at_age.views
    count = f"~{views.view_count}" if views.basis is EstimateBasis.INTERPOLATED else format_count(views.view_count)
    return [_age(at_age.age), format_time(views.at), count, _format_duration(views.gap), views.basis]


def _age(age: timedelta) -> str:
    """Format an age; in hours up to the first day: 24 h, not 1 d."""
    return f"{age // ONE_HOUR} h" if age <= 24 * ONE_HOUR and not age % ONE_HOUR else _format_duration(age)


def format_hourly_rate(rate: float | None) -> str:
    """Format views per hour; `-` for None."""
    return NO_DURATION if rate is None else f"{rate:.1f}"


def _format_duration(duration: timedelta | None) -> str:
    return NO_DURATION if duration is None else format_duration(duration)


def sparkline(article_views: ArticleViews) -> str:
    """Render the views over time as bars, blank over a reset."""
    readings = normalize(article_views.readings)
    begin, length = readings[0].measured_at, readings[-1].measured_at - readings[0].measured_at
    width = SPARKLINE_WIDTH if len(readings) > 1 else 1
    counts = [views_at(readings, begin + length * step / max(width - 1, 1)).view_count for step in range(width)]
    known = [count for count in counts if count is not None]
    low, high = min(known), max(known)
    return "".join(" " if count is None else _bar(count - low, high - low) for count in counts)


def _bar(height: int, highest: int) -> str:
    return BAR_LEVELS[height * (len(BAR_LEVELS) - 1) // highest] if highest else BAR_LEVELS[0]


def render_top_gains(gains: Sequence[RankedGain], *, columns_wide: int, with_addresses: bool = False) -> Iterator[str]:
    """Render the articles that gained most as a table, with their sources and terms below."""
    with_notes = any(ranked.gain.reset_count for ranked in gains)
    columns = [
        *TOP_COLUMNS,
        *[TableColumn("NOTE", leaves=2)] * with_notes,
        TableColumn("TITLE", is_flexible=True),
        *ADDRESS_COLUMNS * with_addresses,
    ]
    rows = [
        [*_top_row(ranked, with_notes=with_notes), *address_cells(ranked.article) * with_addresses] for ranked in gains
    ]
    yield from render_table(columns, rows, columns_wide=columns_wide)
    yield ""
    yield from source_credits([ranked.article for ranked in gains])
    yield zone_note()


AT_AGE_COLUMNS = (
    TableColumn("ID", align_right=True),
    TableColumn("PUBLISHED", leaves=2),
    TableColumn("VIEWS", align_right=True),
    TableColumn("GAP", align_right=True, leaves=1),
    TableColumn("TITLE", is_flexible=True),
)


def render_top_at_age(
    ranked: Sequence[RankedAtAge], *, columns_wide: int, with_addresses: bool = False
) -> Iterator[str]:
    """Render the articles with most views at an age as a table, with their sources and terms below."""
    columns = [*AT_AGE_COLUMNS, *ADDRESS_COLUMNS * with_addresses]
    rows = [[*_at_age_cells(one), *address_cells(one.article) * with_addresses] for one in ranked]
    yield from render_table(columns, rows, columns_wide=columns_wide)
    yield ""
    yield from source_credits([one.article for one in ranked])
    yield zone_note()


def _at_age_cells(ranked: RankedAtAge) -> list[str]:
    article, (_age_text, _at, count, gap, _basis) = ranked.article, _age_row(ranked.at_age)
    published = format_time(article.published_at, article.published_precision)
    return [str(article.id), published, count, gap, article.title]


def _top_row(ranked: RankedGain, *, with_notes: bool) -> list[str]:
    article, gain = ranked.article, ranked.gain
    return [
        str(article.id),
        format_time(article.published_at, article.published_precision),
        f"+{gain.gained}",
        format_hourly_rate(gain.per_hour),
        _format_duration(_covered_duration(gain)),
        str(ranked.view_count),
        *([_reset_note(gain)] * with_notes),
        article.title,
    ]


def _covered_duration(gain: ViewGain) -> timedelta | None:
    """Return the length of the part of the period that readings cover; None without readings."""
    return None if gain.since is None or gain.until is None else gain.until - gain.since


def _reset_note(gain: ViewGain) -> str:
    return "" if not gain.reset_count else "reset" if gain.reset_count == 1 else f"reset {gain.reset_count} times"
