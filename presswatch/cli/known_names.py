"""Refuse a source, section or language that nothing has: an empty answer would look like one without news."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from storage.articles.known_names import KnownNames
from storage.config.parsers import unknown_name
from storage.config.settings import Config
from storage.model.errors import ConfigError
from storage.notifications.watches import SavedSearch
from storage.search.query import LABEL_FIELDS, And, Query, SearchField, Term, parse
from storage.store import Store
from storage.text.folding import fold_words
from storage.text.section_names import normalize_section

if TYPE_CHECKING:
    from scraper.source import Source
    from scraper.sources import Sources


def check_names(store: Store, config: Config, options: Mapping[str, Any]) -> None:
    """Raise ConfigError if an option, or a QUERY, names a source, section or language neither stored nor declared.

    A database in which nothing is stored yet refuses none. Sections and languages are not checked as of a moment, when
    they may have been others.
    """
    source, section, language = (options.get(name) for name in ("source", "section", "language"))
    labels = list(_required_labels(options.get("query")))
    if source is section is language is None and not labels:
        return
    known = KnownNames(store)
    if not known.sources:
        return
    if source is not None:
        _check_source(source, known, config)
    is_past = options.get("as_of") is not None
    if section is not None and not is_past:
        _check_section(section, known, config)
    if language is not None and not is_past:
        _check_language(language.lower(), known, config)
    for term in labels:
        if term.field is SearchField.SOURCE or not is_past:
            _check_label(term, known, config)


def _required_labels(query: str | None) -> Iterator[Term]:
    """Yield the names in fields without which no article matches a query; none of an invalid one."""
    with suppress(ValueError):
        yield from _labels(parse(query)) if query else ()


def _labels(query: Query) -> list[Term]:
    parts = query.root.parts if isinstance(query.root, And) else (query.root,)
    return [part for part in parts if isinstance(part, Term) and part.field in LABEL_FIELDS and not part.prefix]


def _check_label(term: Term, known: KnownNames, config: Config) -> None:
    if term.field is SearchField.SOURCE:
        names, nearest = _source_names(known, config), None
    elif not known.newest.has_all:  # an older article may have it, in another spelling
        return
    elif term.field is SearchField.SECTION:
        names, nearest = _section_names(known, config), None
        if known.has_section(term.text):
            return
    else:
        names = _language_names(known, config)
        nearest = _code_of(term.text, names)
    if names and not any(fold_words(name) == term.label_words for name in names):
        raise ConfigError(f"QUERY: {unknown_name(str(term.field), term.text, names, nearest=nearest)}")


def _source_names(known: KnownNames, config: Config) -> list[str]:
    sources = _declared(config)
    return sorted({*known.sources, *sources, *sources.problems})


def _section_names(known: KnownNames, config: Config) -> list[str]:
    declared = [name for source in _declared(config).values() for name in (*source.sections, *source.section_names)]
    declared += [name for settings in config.sources.values() for name in settings.sections or ()]
    return list(dict.fromkeys([*known.newest.sections, *declared]))


def _language_names(known: KnownNames, config: Config) -> list[str]:
    declared = sorted({code for source in _declared(config).values() for code in _languages(source)})
    return list(dict.fromkeys([*known.newest.languages, *declared]))


def _code_of(typed: str, names: Collection[str]) -> str | None:
    """Return the code among `names` of a language that is named otherwise: `English`, `en-GB`, `eng`."""
    from scraper.parsing.language_codes import language_code  # noqa: PLC0415  (start-up time)

    code = language_code(typed)
    return code if code in names else None


def watch_named(store: Store, name: str) -> SavedSearch:
    """Return the watch of this name. Raises ConfigError with the names that there are."""
    watches = {watch.name: watch for watch in store.watches.list()}
    if name not in watches:
        raise ConfigError(unknown_name("watch", name, watches))
    return watches[name]


def _check_source(source: str, known: KnownNames, config: Config) -> None:
    if source not in known.sources and source not in (names := _source_names(known, config)):
        raise ConfigError(unknown_name("source", source, names))


def _check_section(section: str, known: KnownNames, config: Config) -> None:
    if known.has_section(section):
        return
    names = _section_names(known, config)
    if normalize_section(section) not in map(normalize_section, names) and known.newest.sections:
        raise ConfigError(unknown_name("section", section, names))


def _check_language(language: str, known: KnownNames, config: Config) -> None:
    from scraper.parsing.language_codes import language_code  # noqa: PLC0415  (start-up time)

    if language in known.newest.languages:
        return
    names = _language_names(known, config)
    # Of a language that exists an older article may be, which only a reading of all of them would tell.
    is_possible = not known.newest.has_all and language_code(language) == language
    if language not in names and not is_possible and known.newest.languages:
        raise ConfigError(unknown_name("language", language, names, nearest=_code_of(language, names)))


def _languages(source: Source) -> set[str]:
    return {source.default_language, *source.languages, *source.language_codes.values()}


def _declared(config: Config) -> Sources:
    from scraper.sources import load_sources  # noqa: PLC0415  (start-up time: the parsers of pages, 0.1 s)

    return load_sources(config)
