"""Load the declarations of examples/sources as a user does: in the folder sources.d beside a configuration file."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from scraper.source import Source
from scraper.sources import Sources, get_source, load_crawl_config, load_sources
from tests.support.paths import ROOT

EXAMPLES = ROOT / "examples" / "sources"
NAMES = tuple(sorted(file.stem for file in EXAMPLES.glob("*.toml")))


@cache
def example_sources() -> Mapping[str, Source]:
    """Return the declared sources by name; a declaration that is broken fails the test that asks."""
    with TemporaryDirectory() as folder:
        sources = load_examples(Path(folder))
    assert not sources.problems, sources.problems
    return {name: sources.named(name) for name in NAMES}


def source_named(name: str) -> Source:
    """Return a source of the package, or one of the examples."""
    return example_sources()[name] if name in NAMES else get_source(name)


def load_examples(folder: Path) -> Sources:
    """Load all declarations in a folder of their own."""
    (folder / "presswatch.toml").write_text("", encoding="utf-8")
    shutil.copytree(EXAMPLES, folder / "sources.d", ignore=shutil.ignore_patterns("*.md"))
    return load_sources(load_crawl_config(str(folder / "presswatch.toml")))
