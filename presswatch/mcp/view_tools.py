"""Answer how views grew: the readings of an article, and what gained most."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from presswatch.mcp.answers import AtAge, Gain, TopViewsAnswer, ViewCount, ViewsAnswer
from presswatch.mcp.arguments import TopViewsArguments, ViewsArguments
from presswatch.mcp.article_tools import covered
from presswatch.mcp.citations import Cited
from presswatch.mcp.reading import Known, Reading, moment_before
from storage.articles.view_gains import RankedGain, top_gains
from storage.articles.view_series import ONE_HOUR, ViewDelta, ViewsAtAge, at_ages, deltas
from storage.model.records import DatePrecision


def views(reading: Reading, asked: ViewsArguments) -> ViewsAnswer:
    """Return view readings of an article, and its views at some ages."""
    as_of = reading.time("as_of", asked.as_of)
    known = reading.article(asked.article, as_of)
    series = deltas(known.readings)
    end = asked.offset + asked.limit
    cited = covered(reading, known, as_of)
    return ViewsAnswer(
        citation=cited.known(known),
        readings=tuple(map(_view_count, series[asked.offset : end])),
        reading_count=len(series),
        next_offset=end if end < len(series) else None,
        at_age=_ages(known),
        known_at=reading.known_at(as_of),
        coverage=cited.coverage(()),
    )


def _view_count(delta: ViewDelta) -> ViewCount:
    return ViewCount(read_at=delta.read_at, view_count=delta.view_count, gained=delta.gained, is_reset=delta.is_reset)


def _ages(known: Known) -> tuple[AtAge, ...] | None:
    published_at = known.article.published_at
    if published_at is None or known.article.published_precision is DatePrecision.DAY:
        return None
    return tuple(map(_at_age, at_ages(known.readings, published_at)))


def _at_age(one: ViewsAtAge) -> AtAge:
    views = one.views
    return AtAge(
        age_hours=one.age / ONE_HOUR,
        at=views.at,
        view_count=views.view_count,
        basis=views.basis,
        gap_hours=None if views.gap is None else round(views.gap / ONE_HOUR, 3),
    )


def top_views(reading: Reading, asked: TopViewsArguments) -> TopViewsAnswer:
    """Return the articles that gained most views in a period."""
    as_of = reading.time("as_of", asked.as_of)
    until = reading.known_at(as_of)
    since = moment_before(until, reading.length("window", asked.window))
    wanted = reading.filter(source=asked.source, section=asked.section, language=asked.language, since=asked.since)
    ranked = top_gains(reading.store, wanted, since=since, until=until, limit=asked.limit)
    sources = () if wanted.source is None else (wanted.source,)
    cited = Cited.beside(reading.coverage_beside(since=since, until=until, as_of=as_of, sources=sources))
    articles = tuple(_gains(reading, cited, ranked, as_of))
    return TopViewsAnswer(
        since=since,
        until=until,
        articles=articles,
        coverage=cited.coverage(one.citation for one in articles),
    )


def _gains(reading: Reading, cited: Cited, ranked: tuple[RankedGain, ...], as_of: datetime | None) -> Iterator[Gain]:
    for one in ranked:
        if as_of is not None and as_of < one.article.stored_at:
            continue
        yield Gain(
            citation=cited.known(reading.article(one.article.id, as_of)),
            gained=one.gain.gained,
            gained_from=one.gain.since,
            gained_until=one.gain.until,
            reset_count=one.gain.reset_count,
            view_count=one.view_count,
        )
