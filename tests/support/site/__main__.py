"""`python -m tests.support.site --port 8099`: the bundled site for a person who tries the program."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence
from datetime import datetime

from tests.support.site.articles import Article
from tests.support.site.certificate import untrusted_context
from tests.support.site.child import serve
from tests.support.site.demo_articles import demo_articles
from tests.support.site.generate import generate_articles


def first_articles(now: datetime, count: int) -> Sequence[Article]:
    """The bundled articles, newest first, then made-up ones that are older, `count` in all."""
    bundled = demo_articles(now)
    oldest = min((one.published_at for one in bundled if one.published_at), default=now)
    return [*bundled[:count], *generate_articles(max(0, count - len(bundled)), seed=1, until=oldest)]


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m tests.support.site", description="Serve a small news site.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8099, help="0: any free port")
    parser.add_argument("--articles", type=int, default=30, help="how many articles to start with")
    parser.add_argument("--tls", action="store_true", help="with a certificate that nobody trusts")
    parser.add_argument("--controlled", action="store_true", help="obey stdin, and stop when it ends")
    chosen = parser.parse_args()
    serving = serve(
        chosen.host,
        chosen.port,
        tls=untrusted_context() if chosen.tls else None,
        controlled=chosen.controlled,
        articles=None if chosen.controlled else lambda now: first_articles(now, chosen.articles),
    )
    try:
        asyncio.run(serving)
    except OSError as error:
        parser.error(f"cannot serve on {chosen.host}:{chosen.port}: {error.strerror}")


if __name__ == "__main__":
    main()
