"""A small copy of the first source's site: a real HTTP server in a child process that is told what to publish.

::

    with Site.start() as site:
        site.publish(Article(slug="a-vote", title="A vote", body=("The house voted.",)))
        site.misbehave("a-vote", bad.unavailable(retry_after=5), times=1)
        ...  # crawl site.url
        assert [request.path for request in site.requests] == [...]

`blocks` is what bodies are made of, `bad` the ways to misbehave, `bad_bytes` bodies that are not what they should be.
"""

from tests.site import articles as blocks
from tests.site import bad_bytes
from tests.site import misbehaviour as bad
from tests.site.articles import Article, Part
from tests.site.control import Site
from tests.site.demo_articles import demo_articles, demo_counts, demo_edits, later_articles
from tests.site.generate import generate_articles
from tests.site.misbehaviour import Framing, Misbehaviour
from tests.site.process import SiteError
from tests.site.requestlog import Request
from tests.site.styles import ETags, FeedDates, Guids, Paging

__all__ = [
    "Article",
    "ETags",
    "FeedDates",
    "Framing",
    "Guids",
    "Misbehaviour",
    "Paging",
    "Part",
    "Request",
    "Site",
    "SiteError",
    "bad",
    "bad_bytes",
    "blocks",
    "demo_articles",
    "demo_counts",
    "demo_edits",
    "generate_articles",
    "later_articles",
]
