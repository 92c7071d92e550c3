"""The zone of a page: that of its address, of the reader's choice, or of the settings; and named on the page."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime
from html import unescape
from zoneinfo import ZoneInfo

from tests.support.web_server import Answer, WebServer

KATHMANDU = "Asia/Kathmandu"
COOKIE = f"presswatch-timezone={KATHMANDU}"


def named_zone(page: Answer) -> str:
    return unescape(re.findall(r"Times and days are those of ([^.]+)\.", page.text)[0])


def test_a_choice_is_kept_in_a_cookie_and_named_on_each_page(server: WebServer) -> None:
    assert named_zone(server.ask("/runs")) == "UTC"
    chosen = server.send("/timezone", {"timezone": KATHMANDU, "back": "/runs?limit=5&timezone=UTC"})
    assert (chosen.status, chosen.headers["location"]) == (303, "/runs?limit=5")
    assert chosen.cookies == {"presswatch-timezone": f'"{KATHMANDU}"'}
    page = server.ask("/runs", cookie=COOKIE)
    assert named_zone(page) == KATHMANDU
    [at, clock] = re.findall(r'<time datetime="([^"]+)" title="[^"]+">[^<]* (\d\d:\d\d)</time>', page.text)[0]
    moment = datetime.fromisoformat(at)
    assert moment.utcoffset() == UTC.utcoffset(None)
    assert f"{moment.astimezone(ZoneInfo(KATHMANDU)):%H:%M}" == clock
    forgotten = server.send("/timezone", {"timezone": "UTC", "back": "//elsewhere.example"}, cookie=COOKIE)
    assert (forgotten.headers["location"], forgotten.cookies) == ("/", {"presswatch-timezone": '""'})


def test_an_unknown_zone_is_refused_with_near_names(server: WebServer) -> None:
    for refused in (server.send("/timezone", {"timezone": "Katmandu"}), server.ask("/search?timezone=Katmandu")):
        assert refused.status == 400
        assert "did you mean Asia/Katmandu or Asia/Kathmandu?" in unescape(refused.text)
    assert server.ask("/timezone", form={"timezone": KATHMANDU}, origin=server.address).status == 400  # no form token


def test_a_shared_address_shows_the_same_days_to_whoever_opens_it(server: WebServer) -> None:
    led = server.ask("/search?source=strait&since=yesterday", cookie=COOKIE)
    assert (led.status, led.headers["location"]) == (
        303,
        "/search?source=strait&since=yesterday&timezone=Asia%2FKathmandu",
    )
    shared = led.headers["location"]
    page = server.ask(shared, cookie="presswatch-timezone=America/St_Johns")
    assert named_zone(page) == KATHMANDU
    links = [unescape(link) for link in re.findall(r'href="(/search[^"]+)"', page.text)]
    assert links
    assert all("timezone=Asia%2FKathmandu" in link for link in links)
    rows = json.loads(server.ask(shared.replace("/search?", "/search.json?"), cookie=COOKIE).text)
    assert all(row["fetched_at"].endswith("+00:00") for row in rows)
    chart = server.ask("/compare?q=senate&since=3d&timezone=Pacific/Kiritimati")
    [days] = re.findall(r"<tbody>(.*?)</tbody>", chart.text, re.DOTALL)
    last = max(re.findall(r"\d{4}-\d\d-\d\d", days))
    assert date.fromisoformat(last) == datetime.now(ZoneInfo("Pacific/Kiritimati")).date()
