"""Run `presswatch` in forks of a process that has imported it, half a second of CPU time less for each command."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from multiprocessing import get_context
from multiprocessing.context import ForkServerContext
from pathlib import Path
from tempfile import TemporaryDirectory

from presswatch import main

IMPORTED = ["tests.support.forked_command", "presswatch.cli.group", "scraper.engine.run", "scraper.engine.event_loop"]


@cache
def _fork_server() -> ForkServerContext:
    context = get_context("forkserver")
    context.set_forkserver_preload(IMPORTED)
    return context


def run_command(
    arguments: Sequence[str],
    *,
    folder: Path,
    environment: Mapping[str, str],
    timeout: float,
    typed: str = "",
    prepare: Callable[[], object] = os.getpid,
) -> subprocess.CompletedProcess[str]:
    """Run `presswatch` with these arguments and this input, in a folder and an environment, to its end.

    `prepare`, a function of a module, is called in the process before. Raises TimeoutError, and kills the process,
    after `timeout` seconds.
    """
    with TemporaryDirectory() as streams:
        files = [Path(streams, name) for name in ("stdin", "stdout", "stderr")]
        files[0].write_text(typed, encoding="utf-8")
        process = _fork_server().Process(target=_run, args=(arguments, folder, dict(environment), files, prepare))
        process.start()
        process.join(timeout)
        if process.exitcode is None:
            process.kill()
            raise TimeoutError(f"presswatch {' '.join(arguments)} took more than {timeout:g} s")
        stdout, stderr = (file.read_text(encoding="utf-8") for file in files[1:])
        return subprocess.CompletedProcess(["presswatch", *arguments], process.exitcode, stdout, stderr)


def _run(
    arguments: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    files: Sequence[Path],
    prepare: Callable[[], object],
) -> None:
    """Take the place of a new process: its folder, environment, standard streams and arguments."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for number, file in enumerate(files):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT if number else os.O_RDONLY), number)
    prepare()
    sys.stdin = io.TextIOWrapper(io.FileIO(0, closefd=False), encoding="utf-8")
    sys.stdout = io.TextIOWrapper(io.BufferedWriter(io.FileIO(1, "w", closefd=False)), encoding="utf-8")
    sys.stderr = io.TextIOWrapper(io.FileIO(2, "w", closefd=False), encoding="utf-8", write_through=True)
    sys.argv = ["presswatch", *arguments]
    main(prog_name="presswatch")
