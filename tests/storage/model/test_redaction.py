"""Show of a database address, however it was mistyped, never its password."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

import presswatch
from storage.config.logging_setup import FORMATTERS
from storage.model.redaction import redact_address, redact_target, redact_text, redact_usage
from tests.support.paths import ROOT

SERVER = "postgresql+psycopg://"
SECRETS = ("s3cr", "cr3t")
"""Beginning and end of the password of every address below."""

MISTYPED = [
    "postgres://u:s3crcr3t@h/news",
    "postgresql+psycopg:/u:s3crcr3t@h/news",
    "postgresql:u:s3crcr3t@h/news",
    "postgresql+psycopg//u:s3crcr3t@h/news",
    "://u:s3crcr3t@h/news",
    "u:s3crcr3t@h/news",
    "mysql://u:s3crcr3t@h/news",
    "sqlite://u:s3crcr3t@h/news",
    "sqlite:///u:s3crcr3t@h?mode=memory",
    f"{SERVER}u:s3crcr3t@h:port/news",
    f"{SERVER}u:s3crcr3t@h:99999/news",
    f"{SERVER}u:s3crcr3t",
    f"{SERVER}u:s3crcr3t/news",
    f"{SERVER}u:s3cr@cr3t@h/news",
    f"{SERVER}u:s3cr@cr3t/x@h/news",
    f"{SERVER}u:s3cr/cr3t@h:x/news",
    f"{SERVER}u:s3cr?cr3t@h:x/news",
    f"{SERVER}u:s3cr#cr3t@h:x/news",
    f"{SERVER}u:s3cr:cr3t@h:x/news",
    f"{SERVER}u:s3cr cr3t@h:x/news",
    f"{SERVER}u:s3cr%cr3t@h:x/news",
    f"{SERVER}u:s3crcr3t\n@h/news",
    f"{SERVER}u:s3crcr3t@h/news\n",
    f"{SERVER}u:s3crcr3t@h/news\r\n",
    f"{SERVER}u%3As3crcr3t@h/news",
    f"{SERVER}u@h/news?password=s3crcr3t",
    f"{SERVER}u@h/news?password=s3cr@cr3t",
    f"{SERVER}u@h/news?sslpassword=s3crcr3t",
    f"{SERVER}h/news?user=u&PASSWORD=s3crcr3t",
    f"{SERVER}h/news;password=s3crcr3t",
    f"{SERVER}h/news?a=b&amp;password=s3crcr3t",
    "host=h user=u password=s3crcr3t dbname=news",
    "host=h password='s3cr cr3t' dbname=news",
    "jdbc:postgresql://h/news?user=u&password=s3crcr3t",
    "Server=h;Pwd=s3crcr3t;",
    "PRESSWATCH_DATABASE=postgres://u:s3crcr3t@h",
]
REFUSED_BY_THE_SERVER = [
    f"{SERVER}u:s3crcr3t@127.0.0.1:1/news",
    f"{SERVER}u:s3cr%2Fcr3t@127.0.0.1:1/news?sslmode=disable",
    f"{SERVER}u:s3cr cr3t@127.0.0.1:1/news",
    f"{SERVER}u:s3crcr3t@127.0.0.1:1/news?pasword=s3crcr3t",
    f"{SERVER}u:s3crcr3t@127.0.0.1:1/news?options=-c%20x.y%3Ds3crcr3t",
]


def is_secret_in(shown: str) -> bool:
    return any(secret in shown for secret in SECRETS)


@pytest.mark.parametrize("address", MISTYPED + REFUSED_BY_THE_SERVER)
@pytest.mark.parametrize("redact", [redact_address, redact_usage, redact_target])
def test_no_function_shows_the_password(address: str, redact: object) -> None:
    assert callable(redact)
    if redact is redact_usage and "=" not in address and "://" not in address:
        pytest.skip("no URL and no setting")
    assert not is_secret_in(redact(address))


@pytest.mark.parametrize("command", [("query",), ("sql", "select 1"), ("db", "info"), ("crawl",), ("status",)], ids=str)
@pytest.mark.parametrize("debug", [(), ("--debug",)], ids=["", "debug"])
@pytest.mark.parametrize("address", [MISTYPED[9], MISTYPED[11], MISTYPED[7], MISTYPED[21], *REFUSED_BY_THE_SERVER])
@pytest.mark.long_after(30)
def test_no_command_shows_the_password(
    alone: Path, command: tuple[str, ...], debug: tuple[str, ...], address: str
) -> None:
    answer = CliRunner().invoke(presswatch.main, [*command, *debug, "--database", address])
    assert answer.exit_code in {1, 2}
    assert not is_secret_in(answer.output)
    assert debug or answer.stderr.count("\n") == 1


@pytest.mark.parametrize("address", MISTYPED)
@pytest.mark.parametrize("arguments", [("query", "--database"), ("config", "--database")], ids=str)
def test_no_mistyped_address_shows_its_password(alone: Path, address: str, arguments: tuple[str, ...]) -> None:
    answer = CliRunner().invoke(presswatch.main, [*arguments, address])
    assert not is_secret_in(answer.output)
    assert answer.exit_code in ({0} if arguments[0] == "config" else {1, 2})


@pytest.mark.parametrize(
    "arguments",
    [
        ("{}",),
        ("{}", "query"),
        ("runs", "{}"),
        ("query", "gas", "{}"),
        ("--database={}", "query"),
        ("query", "--databas={}"),
        ("query", "-database={}"),
        ("query", "--format", "{}"),
        ("query", "--limit", "{}"),
        ("query", "--since", "{}"),
        ("query", "--fields", "{}"),
        ("query", "--config", "{}"),
        ("crawl", "{}"),
        ("sql", "select 1", "{}"),
        ("sql", "select 1", "--timeout", "{}"),
        ("export", "{}/news.csv"),
        ("watch", "add", "name", "gas", "{}"),
    ],
    ids=str,
)
@pytest.mark.parametrize(
    "address", ["postgres://u:s3crcr3t@h/news", f"{SERVER}u:s3cr/cr3t@h/n", "tgram://u:s3crcr3t@h"]
)
def test_no_usage_error_shows_it(alone: Path, arguments: tuple[str, ...], address: str) -> None:
    answer = CliRunner().invoke(presswatch.main, [argument.format(address) for argument in arguments])
    assert answer.exit_code in {1, 2}
    assert not is_secret_in(answer.output)


@pytest.mark.parametrize("form", list(FORMATTERS))
@pytest.mark.parametrize(
    "address", [MISTYPED[0], MISTYPED[15], f"{SERVER}h/n?password=s3crcr3t", "password = 's3cr cr3t'"]
)
def test_no_log_line_shows_it(form: str, address: str) -> None:
    try:
        int(f"cannot open {address} today")
    except ValueError:
        record = logging.makeLogRecord({"msg": "cannot open %s", "args": (address,), "exc_info": sys.exc_info()})
    line = FORMATTERS[form]().format(record)
    assert not is_secret_in(line)
    assert "today" in line
    assert form != "json" or json.loads(line)["message"].startswith("cannot open ")


@pytest.mark.parametrize(
    "text",
    [
        "fetched https://caliber.az/en/post/gas in 2 s",
        "https://medium.com/@author/title answered 404",
        "http://127.0.0.1:8099/@x: connection refused, write to desk@caliber.az",
        "sqlite:////srv/news.db: disk is full",
        "database postgresql+psycopg://u:***@h/news: connection failed",
        "write it as postgresql+psycopg://user:password@host/presswatch",
        "use one such as mailtos://user:password@example.org, tgram://123456:token/chat or json://host/path",
    ],
)
def test_other_text_stays(text: str) -> None:
    assert redact_text(text).replace("//***@h", "//u:***@h") == text


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        (
            "postgresql+psycopg://u:s3cr@db.example:5432/news?sslmode=require",
            "u:***@db.example:5432/news?sslmode=require",
        ),
        ("postgresql+psycopg://u@[::1]/news", "u@[::1]/news"),
        ("postgresql+psycopg://:s3cr@h/news", "***"),
        ("postgresql+psycopg:///news?host=/run/postgresql", "/news?host=/run/postgresql"),
        ("sqlite:///news.db", "/news.db"),
        ("sqlite://", ""),
        ("sqlite:////srv/my news.db?timeout=3", "//srv/my news.db?timeout=3"),
    ],
)
def test_what_is_no_secret_is_shown(address: str, shown: str) -> None:
    assert redact_address(address) == f"{address.partition('://')[0]}://{shown}"


@pytest.mark.parametrize("level", ["debug", "info"])
def test_the_daemon_logs_no_password(tmp_path: Path, level: str) -> None:
    (tmp_path / "presswatch.toml").write_text(f'[log]\nlevel = "{level}"\n', encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PRESSWATCH_DATABASE": REFUSED_BY_THE_SERVER[0]}
    command = [sys.executable, "-m", "presswatch", "daemon", "--once", "--debug"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert not is_secret_in(done.stdout + done.stderr)
