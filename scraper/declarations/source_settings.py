"""Check the settings of a source as its crawls will use them."""

from __future__ import annotations

from collections.abc import Iterator

from scraper.declarations.channel_tables import channels_of_settings
from scraper.parsing.source_urls import SourceUrls
from scraper.source import Channel, Source, addresses
from storage.config.parsers import nearest_key, unknown_name
from storage.config.settings import Config
from storage.model.errors import ConfigError
from storage.text.section_names import normalize_section


def setting_problems(source: Source, config: Config) -> Iterator[tuple[str, str]]:
    """Yield each setting that crawls of a source refuse: its key, and a line that names file and key."""
    settings = config.source(source.name)
    urls = SourceUrls(source)
    if settings.base_url is not None:
        try:
            urls = SourceUrls(source, settings.base_url)
        except ConfigError as error:
            yield "base_url", f"{config.where(f'sources.{source.name}.base_url')}: {error}"
    if settings.channels is not None:
        try:
            file = config.file_of(f"sources.{source.name}.channels")
            channels = channels_of_settings(settings.channels, file=file, source=source.name)
        except ConfigError as error:
            yield "channels", str(error)
        else:
            where = config.where(f"sources.{source.name}.channels")
            yield from (("channels", f"{where}{problem}") for problem in _refused_channels(urls, channels))
    elif settings.base_url is not None:
        where = config.where(f"sources.{source.name}.base_url")
        yield from (("base_url", f"{where}: channels{problem}") for problem in _refused_channels(urls, source.channels))
    for problem in _misspelt_sections(source, settings.sections or ()):
        yield "sections", f"{config.where(f'sources.{source.name}.sections')}: {problem}"


def _refused_channels(urls: SourceUrls, channels: tuple[Channel, ...]) -> Iterator[str]:
    for number, channel in enumerate(channels, 1):
        try:
            for address in addresses(channel):
                urls.channel_url(address)
        except ConfigError as error:
            yield f"[{number}]: {error}"


def _misspelt_sections(source: Source, sections: tuple[str, ...]) -> Iterator[str]:
    """Yield a line about each section that is almost one of the declaration: others may exist on the site."""
    known = set(source.section_names).union(*source.section_names.values())
    for section in sections:
        name = normalize_section(section)
        if name not in known and nearest_key(name, known):
            yield unknown_name("section", section, sorted(source.section_names), others=known)
