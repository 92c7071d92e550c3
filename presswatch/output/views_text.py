"""Render the view series of an article and the articles that gained most as tables with a sparkline."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from presswatch.output.formats import Column, table_lines
from presswatch.output.tables import UTC_NOTE, credit, number
from storage.article_views import ViewsOfArticle
from storage.durations import MISSING, format_duration, format_time
from storage.gains import Gainer
from storage.printable import pad, safe
from storage.view_series import HOUR, AtAge, Basis, Gain, Step, in_order, views_at

BARS = "▁▂▃▄▅▆▇█"
SPARKS = 40
"""Marks of a sparkline, spread evenly over the time from the first reading to the last."""

SERIES = (Column("READ"), *(Column(name, right=True) for name in ("VIEWS", "GAINED", "PER HOUR", "AFTER")))
AGE = (Column("AGE"), Column("AT"), Column("VIEWS", right=True), Column("GAP", right=True), Column("BASIS"))
TOP = (
    Column("ID", right=True),
    Column("PUBLISHED"),
    *(Column(name, right=True) for name in ("GAINED", "PER HOUR", "OVER", "VIEWS")),
)


def views_lines(found: Sequence[ViewsOfArticle], *, columns_wide: int) -> Iterator[str]:
    """Of one article the series with its gains and sparkline, then the views at each age."""
    (told,) = found
    article = told.article
    yield safe(article.title)
    yield safe(article.url)
    yield f"published {format_time(article.published_at, article.published_precision)}"
    yield ""
    if not told.series:
        yield "its views were never read"
    else:
        yield f"views  {sparkline(told)}"
        yield from table_lines(SERIES, map(_step_row, told.series), columns_wide=columns_wide)
        yield ""
        yield from _ages(told, columns_wide)
    yield ""
    yield credit(article.source_title, article.source, article.terms)
    yield f"fetched {format_time(article.fetched_at)}"
    yield UTC_NOTE


def _ages(told: ViewsOfArticle, columns_wide: int) -> Iterator[str]:
    if told.at_age is None:
        yield "views at an age: not known, because the page does not say to the minute when it was published"
    else:
        yield from table_lines(AGE, map(_age_row, told.at_age), columns_wide=columns_wide)


def _step_row(step: Step) -> list[str]:
    gained = "reset" if step.is_reset else MISSING if step.gained is None else f"+{step.gained}"
    return [format_time(step.read_at), str(step.view_count), gained, hourly(step.per_hour), _length(step.gap)]


def _age_row(one: AtAge) -> list[str]:
    views = one.views
    shown = f"~{views.view_count}" if views.basis is Basis.INTERPOLATED else number(views.view_count)
    return [_age(one.age), format_time(views.at), shown, _length(views.gap), views.basis]


def _age(age: timedelta) -> str:
    """Ages of the first day are known by their hours: 24 h, not 1 d."""
    return f"{age // HOUR} h" if age <= 24 * HOUR and not age % HOUR else _length(age)


def hourly(rate: float | None) -> str:
    return MISSING if rate is None else f"{rate:.1f}"


def _length(duration: timedelta | None) -> str:
    return MISSING if duration is None else format_duration(duration)


def sparkline(told: ViewsOfArticle) -> str:
    """The views over time, a mark for an even share of it, blank over a reset."""
    readings = in_order(told.readings)
    begin, whole = readings[0].read_at, readings[-1].read_at - readings[0].read_at
    marks = SPARKS if len(readings) > 1 else 1
    counts = [views_at(readings, begin + whole * place / max(marks - 1, 1)).view_count for place in range(marks)]
    known = [count for count in counts if count is not None]
    low, high = min(known), max(known)
    return "".join(" " if count is None else _bar(count - low, high - low) for count in counts)


def _bar(height: int, highest: int) -> str:
    return BARS[height * (len(BARS) - 1) // highest] if highest else BARS[0]


def top_lines(found: Sequence[Gainer], *, columns_wide: int) -> Iterator[str]:
    """What gained most, and under it where each article comes from."""
    with_notes = any(one.gain.reset_count for one in found)
    columns = [*TOP, *[Column("NOTE")] * with_notes, Column("TITLE", stretches=True)]
    rows = [_top_row(one, with_notes=with_notes) for one in found]
    yield from table_lines(columns, rows, columns_wide=columns_wide)
    yield ""
    ids = max(len(str(one.article.id)) for one in found)
    for source in dict.fromkeys(one.article.source for one in found):
        of_source = [one.article for one in found if one.article.source == source]
        yield credit(of_source[0].source_title, source, of_source[0].terms)
        for article in of_source:
            number_text = pad(str(article.id), ids, right=True)
            yield f"{number_text}  fetched {format_time(article.fetched_at)}  {safe(article.url)}"
    yield UTC_NOTE


def _top_row(one: Gainer, *, with_notes: bool) -> list[str]:
    article, won = one.article, one.gain
    return [
        str(article.id),
        format_time(article.published_at, article.published_precision),
        f"+{won.gained}",
        hourly(won.per_hour),
        _length(covered(won)),
        str(one.view_count),
        *([_reset_note(won)] * with_notes),
        article.title,
    ]


def covered(won: Gain) -> timedelta | None:
    """How much of the window lies between readings."""
    return None if won.since is None or won.until is None else won.until - won.since


def _reset_note(won: Gain) -> str:
    return "" if not won.reset_count else "reset" if won.reset_count == 1 else f"reset {won.reset_count} times"
