"""Render the view series of an article and the articles that gained most as tables with a sparkline."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from presswatch.output.formats import TableColumn, render_table
from presswatch.output.tables import UTC_NOTE, credit, format_count
from storage.articles.article_views import ArticleViews
from storage.articles.view_gains import RankedGain
from storage.articles.view_series import ONE_HOUR, EstimateBasis, ViewDelta, ViewGain, ViewsAtAge, normalize, views_at
from storage.text.durations import NO_DURATION, format_duration, format_time
from storage.text.sanitize import pad, sanitize

BAR_LEVELS = "▁▂▃▄▅▆▇█"
SPARK_LEVELS = 40
"""Marks of a sparkline, spread evenly over the time from the first reading to the last."""

SERIES_COLUMNS = (
    TableColumn("READ"),
    *(TableColumn(name, align_right=True) for name in ("VIEWS", "GAINED", "PER HOUR", "AFTER")),
)
AGE_COLUMNS = (
    TableColumn("AGE"),
    TableColumn("AT"),
    TableColumn("VIEWS", align_right=True),
    TableColumn("GAP", align_right=True),
    TableColumn("BASIS"),
)
TOP_COLUMNS = (
    TableColumn("ID", align_right=True),
    TableColumn("PUBLISHED"),
    *(TableColumn(name, align_right=True) for name in ("GAINED", "PER HOUR", "OVER", "VIEWS")),
)


def render_views(found: Sequence[ArticleViews], *, columns_wide: int) -> Iterator[str]:
    """Of one article the series with its gains and sparkline, then the views at each age."""
    (told,) = found
    article = told.article
    yield sanitize(article.title)
    yield sanitize(article.url)
    yield f"published {format_time(article.published_at, article.published_precision)}"
    yield ""
    if not told.series:
        yield "its views were never read"
    else:
        yield f"views  {sparkline(told)}"
        yield from render_table(SERIES_COLUMNS, map(_step_row, told.series), columns_wide=columns_wide)
        yield ""
        yield from _ages(told, columns_wide)
    yield ""
    yield credit(article.source_title, article.source, article.terms)
    yield f"fetched {format_time(article.fetched_at)}"
    yield UTC_NOTE


def _ages(told: ArticleViews, columns_wide: int) -> Iterator[str]:
    if told.at_age is None:
        yield "views at an age: not known, because the page does not say to the minute when it was published"
    else:
        yield from render_table(AGE_COLUMNS, map(_age_row, told.at_age), columns_wide=columns_wide)


def _step_row(step: ViewDelta) -> list[str]:
    gained = "reset" if step.is_reset else NO_DURATION if step.gained is None else f"+{step.gained}"
    return [
        format_time(step.read_at),
        str(step.view_count),
        gained,
        format_hourly_rate(step.per_hour),
        _format_duration(step.duration),
    ]


def _age_row(one: ViewsAtAge) -> list[str]:
    views = one.views
    shown = f"~{views.view_count}" if views.basis is EstimateBasis.INTERPOLATED else format_count(views.view_count)
    return [_age(one.age), format_time(views.at), shown, _format_duration(views.gap), views.basis]


def _age(age: timedelta) -> str:
    """Ages of the first day are known by their hours: 24 h, not 1 d."""
    return f"{age // ONE_HOUR} h" if age <= 24 * ONE_HOUR and not age % ONE_HOUR else _format_duration(age)


def format_hourly_rate(rate: float | None) -> str:
    return NO_DURATION if rate is None else f"{rate:.1f}"


def _format_duration(duration: timedelta | None) -> str:
    return NO_DURATION if duration is None else format_duration(duration)


def sparkline(told: ArticleViews) -> str:
    """The views over time, a mark for an even share of it, blank over a reset."""
    readings = normalize(told.readings)
    begin, whole = readings[0].measured_at, readings[-1].measured_at - readings[0].measured_at
    marks = SPARK_LEVELS if len(readings) > 1 else 1
    counts = [views_at(readings, begin + whole * place / max(marks - 1, 1)).view_count for place in range(marks)]
    known = [count for count in counts if count is not None]
    low, high = min(known), max(known)
    return "".join(" " if count is None else _bar(count - low, high - low) for count in counts)


def _bar(height: int, highest: int) -> str:
    return BAR_LEVELS[height * (len(BAR_LEVELS) - 1) // highest] if highest else BAR_LEVELS[0]


def render_top_gains(found: Sequence[RankedGain], *, columns_wide: int) -> Iterator[str]:
    """What gained most, and under it where each article comes from."""
    with_notes = any(one.gain.reset_count for one in found)
    columns = [*TOP_COLUMNS, *[TableColumn("NOTE")] * with_notes, TableColumn("TITLE", is_flexible=True)]
    rows = [_top_row(one, with_notes=with_notes) for one in found]
    yield from render_table(columns, rows, columns_wide=columns_wide)
    yield ""
    ids = max(len(str(one.article.id)) for one in found)
    for source in dict.fromkeys(one.article.source for one in found):
        of_source = [one.article for one in found if one.article.source == source]
        yield credit(of_source[0].source_title, source, of_source[0].terms)
        for article in of_source:
            number_text = pad(str(article.id), ids, right=True)
            yield f"{number_text}  fetched {format_time(article.fetched_at)}  {sanitize(article.url)}"
    yield UTC_NOTE


def _top_row(one: RankedGain, *, with_notes: bool) -> list[str]:
    article, won = one.article, one.gain
    return [
        str(article.id),
        format_time(article.published_at, article.published_precision),
        f"+{won.gained}",
        format_hourly_rate(won.per_hour),
        _format_duration(format_gap_coverage(won)),
        str(one.view_count),
        *([_reset_note(won)] * with_notes),
        article.title,
    ]


def format_gap_coverage(won: ViewGain) -> timedelta | None:
    """How much of the window lies between readings."""
    return None if won.since is None or won.until is None else won.until - won.since


def _reset_note(won: ViewGain) -> str:
    return "" if not won.reset_count else "reset" if won.reset_count == 1 else f"reset {won.reset_count} times"
