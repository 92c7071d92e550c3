"""Start, configure and end the process of the site, even if the process that started it is killed."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from urllib.request import urlopen

import psutil
import pytest

from tests.support.paths import ROOT
from tests.support.patience import patient, wait_until
from tests.support.site import Article, Site, SiteError
from tests.support_tests.client import get

HOLDER = """
import sys
from tests.support.site import Site
site = Site.start()
print(site.pid, flush=True)
sys.stdin.read()
"""


def is_gone(pid: int) -> bool:
    """Wait for a process to end; one that only waits to be reaped has ended."""

    def has_ended() -> bool:
        try:
            return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True

    return wait_until(has_ended, seconds=10)


def python(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_starts_empty_and_ends() -> None:
    with Site.start() as site:
        assert site.articles == ()
        assert get(site, "/robots.txt").status == 200
        assert psutil.pid_exists(site.pid)
    assert is_gone(site.pid)
    assert site.complaints == ""
    site.stop()


def test_ends_after_an_error() -> None:
    with pytest.raises(RuntimeError), Site.start() as site:
        raise RuntimeError
    assert is_gone(site.pid)


@pytest.mark.long
def test_ends_by_force_when_it_is_stuck() -> None:
    with Site.start() as site:
        os.kill(site.pid, signal.SIGSTOP)
    assert is_gone(site.pid)


def test_ends_with_a_client_that_stays() -> None:
    with Site.start() as site:
        site.publish(Article(slug="x", title="X"))
        for _ in range(3):
            get(site, "/en/post/x")
    assert is_gone(site.pid)


@pytest.mark.long
def test_ends_when_its_parent_is_killed() -> None:
    with python("-c", HOLDER) as holder:
        assert holder.stdout is not None
        pid = int(holder.stdout.readline())
        assert psutil.pid_exists(pid)
        holder.kill()
    assert is_gone(pid)


def test_a_site_that_died_is_named() -> None:
    with Site.start() as site:
        os.kill(site.pid, signal.SIGKILL)
        assert is_gone(site.pid)
        with pytest.raises(SiteError, match=f"site process {site.pid}"):
            site.publish(Article(slug="x", title="X"))


@pytest.mark.long
def test_a_port_in_use_is_reported() -> None:
    with Site.start() as site:
        port = int(site.url.rpartition(":")[2])
        with pytest.raises(SiteError, match=f"cannot serve on 127.0.0.1:{port}"):
            Site.start(port=port)


@pytest.mark.long
def test_two_at_once() -> None:
    with Site.start() as one, Site.start() as other:
        one.publish(Article(slug="x", title="X"))
        assert (len(one.articles), len(other.articles)) == (1, 0)


def test_obeys_several_threads() -> None:
    with Site.start() as site:
        numbers = range(8)
        threads = [threading.Thread(target=lambda n=n: site.publish(Article(slug=f"x{n}", title="X"))) for n in numbers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert {article.slug for article in site.articles} == {f"x{n}" for n in numbers}


@pytest.mark.long
def test_reset_forgets_everything() -> None:
    with Site.start() as site:
        fresh = get(site, "/").body
        site.publish(Article(slug="x", title="X"))
        site.link_base("https://caliber.az")
        site.list_style(cards=False)
        site.refuse()
        site.reset()
        assert (site.articles, site.requests) == ((), ())
        assert get(site, "/").body == fresh


@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.long)])
def test_the_command_serves_until_it_is_stopped(number: signal.Signals) -> None:
    with python("-m", "tests.support.site", "--port", "0", "--articles", "34") as command:
        assert command.stdout is not None
        address = command.stdout.readline().strip()
        assert address.startswith("http://127.0.0.1:")
        assert len(bundled(address)) == 34
        command.send_signal(number)
        output, errors = command.communicate(timeout=patient(10))
        assert (command.returncode, output, errors) == (0, "", "")


def bundled(address: str) -> set[str]:
    """The paths of all articles on the front pages of a site at this address."""
    found: set[str] = set()
    for page in (1, 2):
        with urlopen(f"{address}/?page={page}", timeout=patient(10)) as reply:
            text = reply.read().decode()
        found.update(re.findall(r'<a href="([^"]*/post/[^"]*)"><h2', text))
    return found
