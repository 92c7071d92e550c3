"""Starting the site's process, talking with it, and surely ending it."""

from __future__ import annotations

import contextlib
import os
import selectors
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from typing import IO, Any

from tests.support.paths import ROOT
from tests.support.patience import patient
from tests.support.site import http_server

_ROOT = ROOT
_PATIENCE = 30.0  # seconds on a quiet machine for one command; a site that is slower is stuck
_FAREWELL = 2.0  # seconds to end by itself


class SiteError(Exception):
    """The site's process refused a command, or is gone."""


class SiteProcess:
    """A child that serves and obeys. `address` is where it serves."""

    def __init__(self, arguments: Sequence[str]) -> None:
        """Raises SiteError when it does not come up."""
        # A file takes any amount of complaints, where a pipe that nobody reads would block the child.
        self._stderr: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  closed by stop()
        self._last_complaints = ""
        self._cleared = 0  # bytes of stderr
        self._lock = threading.Lock()
        self._child = subprocess.Popen(
            [sys.executable, "-m", "tests.support.site", "--controlled", *arguments],
            cwd=_ROOT,  # -m searches there first, and another folder may have its own `tests`
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            env={**os.environ, "PYTHONPATH": _python_path()},
        )
        self.pid = self._child.pid
        try:
            self.address = self._read_line().decode().strip()
        except BaseException:
            self.stop()
            raise

    def ask(self, command: str, **arguments: Any) -> Any:
        """Has one command carried out. Raises SiteError with the child's words when it could not."""
        line = http_server.dump({"do": command, "with": arguments})
        with self._lock:
            self._write(line)
            reply = http_server.load(self._read_line())
        if "error" in reply:
            raise SiteError(f"{command} at {self.address}: {reply['error']}")
        return reply["ok"]

    def stop(self) -> None:
        """Ends the child: by the end of its stdin, else by force. A second call does nothing."""
        if self._stderr.closed:
            return
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        with contextlib.suppress(BrokenPipeError):  # it was gone before
            self._child.stdin.close()
        try:
            self._child.wait(patient(_FAREWELL))
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        self._child.stdout.close()
        self._last_complaints = self.complaints()
        self._stderr.close()

    def complaints(self) -> str:
        """Return the stderr of the child since it was last cleared, `stop` included."""
        if self._stderr.closed:
            return self._last_complaints
        # Through the descriptor's own offset: the child appends at the end of the same open file.
        written = os.pread(self._stderr.fileno(), self._stderr_size() - self._cleared, self._cleared)
        return written.decode(errors="replace")

    def clear_complaints(self) -> None:
        """Forgets what the child wrote on its stderr so far."""
        self._cleared = self._stderr_size()

    def _stderr_size(self) -> int:
        return os.fstat(self._stderr.fileno()).st_size

    def _write(self, line: bytes) -> None:
        assert self._child.stdin is not None
        try:
            self._child.stdin.write(line)
            self._child.stdin.flush()
        except (BrokenPipeError, ValueError) as error:
            raise SiteError(f"site process {self.pid} is gone") from error

    def _read_line(self) -> bytes:
        stdout = self._child.stdout
        assert stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(stdout, selectors.EVENT_READ)
            if not selector.select(patient(_PATIENCE)):
                raise SiteError(f"site process {self.pid} said nothing in time")
        if line := stdout.readline():
            return bytes(line)
        raise SiteError(f"site process {self.pid} ended: {self.complaints().strip()}")


def _python_path() -> str:
    return os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH"))))
