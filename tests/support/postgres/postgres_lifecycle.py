"""Runs a PostgreSQL server until its own input ends, as it does when the tests end, even when they are killed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path


def keep(folder: Path, program: str, data: Path) -> None:
    """Start the server as the owner of its data; when nobody holds our input any more, stop it, remove `folder`."""
    owner = data.stat()
    own = owner.st_uid == os.geteuid()
    user = {} if own else {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []}
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [program, "-D", str(data)], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=data, **user
        )
        try:
            sys.stdin.buffer.read()
            server.send_signal(signal.SIGINT)  # fast: connections are ended
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.send_signal(signal.SIGQUIT)
            server.wait(20)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    keep(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
