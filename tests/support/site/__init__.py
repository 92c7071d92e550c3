"""A small copy of the first source's site: a real HTTP server in a child process, configured over a pipe.

::

    with Site.start() as site:
        site.publish(Article(slug="a-vote", title="A vote", body=("The house voted.",)))
        site.misbehave("a-vote", bad.unavailable(retry_after=5), times=1)
        ...  # crawl site.url
        assert [request.path for request in site.requests] == [...]

`blocks` is what bodies are made of, `bad` the ways to misbehave, `bad_bytes` bodies that are not what they should be.
"""

from tests.support.site import articles as blocks
from tests.support.site import bad_bytes
from tests.support.site import misbehaviour as bad
from tests.support.site.articles import Article, Part
from tests.support.site.control import Site
from tests.support.site.demo_articles import demo_articles, demo_counts, demo_edits, later_articles
from tests.support.site.generate import generate_articles
from tests.support.site.misbehaviour import Framing, Misbehaviour
from tests.support.site.process import SiteError
from tests.support.site.requestlog import Request
from tests.support.site.styles import ETags, FeedDates, Guids, Paging

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
