"""Write a page and what was read of it as a test case: page.html and expected.json."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import Any

from scraper.crawl.page_parsing import PageJob
from storage.model.records import ArticleData, ParsedPage

NOT_READ = frozenset({"source", "url", "fetched_at", "parser_version", "authors"})
"""Fields that are not read from the page; authors are those of `author`."""


def write_case(folder: Path, job: PageJob, page: ParsedPage) -> Path:
    """Write a case into a folder, which is made, and replace the one in it; return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "page.html").write_bytes(job.body)
    (folder / "expected.json").write_text(expected_json(job, page), encoding="utf-8")
    return folder


def expected_json(job: PageJob, page: ParsedPage) -> str:
    """Return what a case expects: URL, time, every field of the article, and `origins`, the provenance of each."""
    article = page.article
    document: dict[str, Any] = {"url": article.url, "fetched_at": article.fetched_at.isoformat()}
    if job.content_type is not None:
        document["content_type"] = job.content_type
    names = [row.name for row in fields(ArticleData) if row.name not in NOT_READ]
    document |= {name: _as_json(name, getattr(article, name)) for name in names}
    document["origins"] = dict(page.provenance)
    return json.dumps(document, ensure_ascii=False, indent=2, default=str) + "\n"


def _as_json(name: str, value: Any) -> Any:
    if name == "body":
        return value.split("\n\n") if value else []
    if name == "problems":
        return [[problem.field, problem.reason] for problem in value]
    if isinstance(value, tuple):
        return list(value)
    return value.isoformat() if isinstance(value, datetime) else value
