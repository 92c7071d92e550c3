"""Know the settings by the names that they had."""

from __future__ import annotations

from collections.abc import Mapping

RENAMED_SETTINGS: Mapping[str, str] = {
    "scraper.patience": "scraper.max_retry_after",
    "scraper.relook_share": "scraper.recrawl_share",
    "scraper.budget": "scraper.max_requests",
    "scraper.max_body": "scraper.max_response_size",
    "scraper.robots": "scraper.obey_robots_txt",
    "scraper.retry_wait": "scraper.retry_delay",
    "sources.*.every": "sources.*.interval",
    "sources.*.every_min": "sources.*.min_interval",
    "sources.*.every_max": "sources.*.max_interval",
    "scheduler.slots": "scheduler.max_workers",
    "scheduler.deadline": "scheduler.crawl_timeout",
    "scheduler.grace": "scheduler.shutdown_grace_period",
    "scheduler.memory": "scheduler.memory_limit",
    "scheduler.listen": "scheduler.metrics_listen",
    "alerts.to": "alerts.targets",
}
"""New path of every setting by its old one; `*` stands for the name of a source."""


def renamed_setting(path: str) -> str | None:
    """Return the path that replaced this one; None for a path that never was one."""
    parts = path.split(".")
    if parts[0] != "sources" or len(parts) < 3:
        return RENAMED_SETTINGS.get(path)
    source, name = ".".join(parts[1:-1]), parts[-1]
    renamed = RENAMED_SETTINGS.get(f"sources.*.{name}")
    return renamed and renamed.replace("*", source)
