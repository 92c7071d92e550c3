"""The handle on the site's process for tests, the demo and the benchmark."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import islice
from types import TracebackType
from typing import Any, Self, cast

from tests.support.site import misbehaviour
from tests.support.site.articles import Article
from tests.support.site.misbehaviour import Misbehaviour
from tests.support.site.process import SiteProcess
from tests.support.site.requestlog import Request

_BATCH = 200  # articles a line; a line has a limit


class Site:
    """A news site in a child process. `with Site.start() as site:` starts and surely stops it.

    Articles are named by slug or by path. Every method is done when it returns; any thread may call. Every method
    raises SiteError when the process refuses (an unknown article, an unknown field) or is gone.
    """

    def __init__(self, process: SiteProcess) -> None:
        self._process = process
        self._ask = process.ask
        self.url = process.address  # scheme, host and port, no slash
        self.elsewhere = process.address.replace("127.0.0.1", "localhost")  # the same server as another host
        self.pid = process.pid

    @classmethod
    def start(cls, *, host: str = "127.0.0.1", port: int = 0, tls: bool = False) -> Self:
        """Starts an empty site. Raises SiteError when it does not come up."""
        return cls(SiteProcess(["--host", host, "--port", str(port), *["--tls"] * tls]))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Ends the process; a second call does nothing."""
        self._process.stop()

    def reset(self) -> None:
        """Forgets everything, as if just started on the same port."""
        self._ask("reset")
        self._process.clear_complaints()

    # What it publishes

    def publish(self, article: Article) -> str:
        """Puts an article on the site, in place of one at the same address, and gives its whole address."""
        self.publish_many([article])
        return self.url + article.path

    def publish_many(self, articles: Iterable[Article]) -> None:
        """Puts articles on the site; of one minute, the last given is the newest."""
        rest = iter(articles)
        while batch := list(islice(rest, _BATCH)):
            self._ask("publish", articles=batch)

    def edit(self, where: str, **changes: Any) -> Article:
        """Changes fields of an article and gives the new one; a new slug moves it to another address."""
        return cast("Article", self._ask("edit", where=where, changes=changes))

    def count(self, where: str, views: int) -> None:
        """Sets an article's view count."""
        self._ask("edit", where=where, changes={"views": views})

    def withdraw(self, where: str, status: int = 404) -> None:
        """Answers an article's address with `status`, and takes it off the lists and the feed."""
        changes = {"status": status, "in_lists": False, "in_feed": False}
        self._ask("edit", where=where, changes=changes)

    def restore(self, where: str) -> None:
        """Undoes `withdraw` and `unlist`."""
        self._ask("edit", where=where, changes={"status": 200, "in_lists": True, "in_feed": True})

    def unlist(self, where: str) -> None:
        """Takes an article off the lists and the feed; its page stays."""
        self._ask("edit", where=where, changes={"in_lists": False, "in_feed": False})

    def remove(self, where: str) -> None:
        """Forgets an article altogether."""
        self._ask("remove", where=where)

    @property
    def articles(self) -> Sequence[Article]:
        """Return the articles of the site, newest first, with their dates."""
        return tuple(self._ask("articles"))

    def article(self, where: str) -> Article:
        """One article as it stands. Raises SiteError for a name nothing has."""
        return cast("Article", self._ask("edit", where=where, changes={}))

    def url_of(self, where: str) -> str:
        """The address of a path, or of an article by its slug, on this server."""
        return self.url + (where if where.startswith("/") else self.article(where).path)

    # Its styles

    def set_time(self, at: datetime | None) -> None:
        """Stops the site's clock at an aware time; None: the real clock again."""
        if at is not None and at.tzinfo is None:
            raise ValueError(f"a naive time: {at}")
        self._ask("set_time", at=at)

    def feed_style(self, **changes: Any) -> None:
        """Changes fields of FeedStyle; the others stay."""
        self._ask("restyle", name="feed_style", changes=changes)

    def list_style(self, **changes: Any) -> None:
        """Changes fields of ListStyle; the others stay."""
        self._ask("restyle", name="list_style", changes=changes)

    def page_style(self, **changes: Any) -> None:
        """Changes fields of PageStyle; the others stay."""
        self._ask("restyle", name="page_style", changes=changes)

    def robots(self, text: str | None, status: int = 200) -> None:
        """Sets robots.txt; None: there is none (404)."""
        self._ask("robots", text=text, status=status)

    def link_base(self, base: str | None) -> None:
        """Sets scheme and host of every link the site writes; None: its own address."""
        self._ask("link_base", base=base)

    # How it misbehaves

    def misbehave(self, where: str, *acts: Misbehaviour, times: int | None = None) -> None:
        """Misbehaves at a path (any query, or just the one given), an article, or everywhere ("*").

        Each act is for one request, in order, but the last: it holds for `times` requests, or for ever. What was in
        force there before is forgotten.
        """
        self._ask("misbehave", where=where, acts=acts, times=times)

    def behave(self, where: str | None = None) -> None:
        """Ends misbehaviour and overrides at a place; None: at every place."""
        self._ask("behave", where=where)

    def override(self, where: str, body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        """Answers an address with just this; without a Content-Type among the headers it is UTF-8 HTML."""
        self.misbehave(where, misbehaviour.answer(status, body, headers))

    def refuse(self) -> None:
        """Closes the port and drops every connection: connecting fails until `listen`."""
        self._ask("refuse")

    def listen(self) -> None:
        """Opens the same port again."""
        self._ask("listen")

    # What it was asked

    @property
    def requests(self) -> Sequence[Request]:
        """Every request since the start or the last `clear_requests`, in order of arrival."""
        return tuple(self._ask("requests"))

    def requests_for(self, where: str) -> Sequence[Request]:
        """The requests for one path, whatever their query, or for one article by its slug."""
        path = where if where.startswith("/") else self.article(where).path
        return tuple(request for request in self.requests if request.path == path)

    def clear_requests(self) -> None:
        """Forgets the requests so far."""
        self._ask("clear_requests")

    @property
    def complaints(self) -> str:
        """Return the stderr of the process; "" when all is well."""
        return self._process.complaints()
