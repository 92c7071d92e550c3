"""Run `presswatch serve` as a person does, and ask it as a browser or a script would."""

from __future__ import annotations

import http.client
import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlencode, urlsplit

from tests.support.paths import ROOT
from tests.support.patience import patient


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server answered."""

    status: int
    headers: Mapping[str, str]
    cookies: Mapping[str, str]
    text: str


class WebServer:
    """A server in a process of its own, on a free port; its log goes to `serve.log` in the folder."""

    def __init__(self, folder: Path, database: str, *arguments: str, settings: str = "") -> None:
        self.folder = folder
        self._config = folder / "serve.toml"
        self._config.write_text(settings, encoding="utf-8")
        self._command = [sys.executable, "-m", "presswatch", "serve", "--port", "0", "--config", str(self._config)]
        self._command += ["--database", database, *arguments]
        self.address = ""
        self._process: subprocess.Popen[str] | None = None

    @property
    def netloc(self) -> str:
        """Return host and port."""
        return urlsplit(self.address).netloc

    @property
    def log(self) -> str:
        """Return what the server wrote to stderr."""
        return (self.folder / "serve.log").read_text(encoding="utf-8")

    def __enter__(self) -> Self:
        with (self.folder / "serve.log").open("w", encoding="utf-8") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=self.folder,
                env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        found = re.search(r"http://\S+/", line)
        assert found, f"{line}{self.log}"
        self.address = found[0].rstrip("/")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> int:
        """Stop the server as systemd does; return its exit code."""
        assert self._process is not None
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            code = self._process.wait(patient(20))
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        return code

    def ask(
        self,
        path: str,
        *,
        method: str = "GET",
        form: Mapping[str, str] | None = None,
        body: bytes | None = None,
        **headers: str,
    ) -> Answer:
        """Send one request; headers are named with underscores."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if form is not None:
            body = urlencode(form).encode()
            named = {"content-type": "application/x-www-form-urlencoded", **named}
        connection = http.client.HTTPConnection(self.netloc, timeout=patient(30))
        try:
            connection.request("POST" if body is not None else method, path, body=body, headers=named)
            got = connection.getresponse()
            cookies = dict(
                value.partition(";")[0].partition("=")[::2]
                for name, value in got.getheaders()
                if name.lower() == "set-cookie"
            )
            answered = {name.lower(): value for name, value in got.getheaders()}
            return Answer(got.status, answered, cookies, got.read().decode())
        finally:
            connection.close()

    def send(self, path: str, form: Mapping[str, str], *, page: str = "/", cookie: str = "") -> Answer:
        """Send a form as the page at `page` would: with its cookie, its hidden field and our Origin."""
        shown = self.ask(page, **({"cookie": cookie} if cookie else {}))
        cookies = "; ".join(filter(None, [cookie, *(f"{name}={value}" for name, value in shown.cookies.items())]))
        field = re.search(r'name="form_token" value="([0-9a-f]+)"', shown.text)
        hidden = {"form_token": field[1]} if field else {}
        return self.ask(path, form={**hidden, **form}, cookie=cookies, origin=self.address)
