"""Runs a PostgreSQL server until its own input ends, as it does when the tests end, even when they are killed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path


def keep(folder: Path, program: str, data: Path) -> None:
    """Start the server as the owner of its data; when nobody holds our input any more, stop it, remove `folder`.

    Each line of the input restarts it; the line is the seconds for which it is away.
    """
    try:
        server = _start(folder, program, data)
        for line in sys.stdin:
            _stop(server)
            time.sleep(float(line))
            server = _start(folder, program, data)
            (folder / "restarted").touch()
        _stop(server)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _start(folder: Path, program: str, data: Path) -> subprocess.Popen[bytes]:
    owner = data.stat()
    own = owner.st_uid == os.geteuid()
    user = {} if own else {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []}
    with (folder / "log").open("ab") as log:
        return subprocess.Popen(
            [program, "-D", str(data)], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=data, **user
        )


def _stop(server: subprocess.Popen[bytes]) -> None:
    server.send_signal(signal.SIGINT)  # fast: connections are ended
    try:
        server.wait(20)
    except subprocess.TimeoutExpired:
        server.send_signal(signal.SIGQUIT)
        server.wait(20)


if __name__ == "__main__":
    keep(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
