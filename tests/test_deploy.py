"""The files of deploy/ name what there is: commands, options, settings, files; and what can run here runs."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections import defaultdict
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml

from presswatch.web.safety.preconditions import require_protection
from scraper.sources import load_crawl_config
from storage.config.parsers import duration, size
from storage.config.settings import SchedulerSettings
from tests.manuals import check_command, check_settings
from tests.scheduler.daemon.test_daemon import free_port
from tests.support.daemon_process import DaemonRunner
from tests.support.paths import ROOT
from tests.support.plain_articles import plain_article
from tests.support.site import Site
from tests.support.site.fixtures import shared_site, site

__all__ = ["shared_site", "site"]

DEPLOY = ROOT / "deploy"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
DEFAULTS = SchedulerSettings()
TO_STOP = 2 * DEFAULTS.shutdown_grace_period
NEEDED = DEFAULTS.max_workers * DEFAULTS.memory_limit  # bytes, for the crawls alone


def unit() -> Mapping[str, list[str]]:
    """The unit's settings; a name may occur more than once."""
    found = defaultdict(list)
    for line in (DEPLOY / "presswatch.service").read_text(encoding="utf-8").splitlines():
        if "=" in line and not line.startswith("#"):
            name, _, value = line.partition("=")
            found[name].append(value)
    return found


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions, continued lines joined."""
    joined = re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", DOCKERFILE, flags=re.MULTILINE))
    parts = (line.partition(" ") for line in joined.splitlines() if line.strip())
    return [(name, rest.strip()) for name, _, rest in parts]


def instruction(name: str) -> str:
    """The last of its kind, which is the one in force."""
    return [rest for found, rest in instructions() if found == name][-1]


def image_environment() -> dict[str, str]:
    return dict(word.split("=", 1) for name, rest in instructions() if name == "ENV" for word in shlex.split(rest))


def copies() -> list[tuple[list[str], str]]:
    words = [rest.split() for name, rest in instructions() if name == "COPY"]
    return [(one[:-1], one[-1]) for one in words]


def files() -> list[Path]:
    return [path for path in sorted(DEPLOY.rglob("*")) if path.is_file()]


def compose() -> Any:
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))["services"]["daemon"]


def test_the_unit_starts_a_real_command_as_nobody_special() -> None:
    found = unit()
    [start] = found["ExecStart"]
    program, *words = shlex.split(start)
    assert Path(program).name in PYPROJECT["project"]["scripts"]
    check_command(words)
    assert found["User"] == ["presswatch"]
    assert (found["Type"], found["NotifyAccess"], found["Restart"]) == (["notify"], ["main"], ["on-failure"])
    hardened = ("NoNewPrivileges", "ProtectHome", "PrivateTmp", "PrivateDevices", "RestrictNamespaces")
    assert all(found[name] == ["yes"] for name in hardened)
    assert (found["ProtectSystem"], found["CapabilityBoundingSet"]) == (["strict"], [""])


def test_the_unit_leaves_the_daemon_the_time_and_the_memory_it_may_take() -> None:
    found = unit()
    assert duration(found["TimeoutStopSec"][0]) > TO_STOP
    assert duration(found["WatchdogSec"][0]) >= timedelta(seconds=30)
    assert size(found["MemoryMax"][0].replace("M", "MB")) > NEEDED


def test_the_unit_and_the_container_set_only_variables_that_are_read() -> None:
    code = (ROOT / "storage" / "config" / "config_file.py").read_text(encoding="utf-8")
    of_unit = [value.partition("=")[0] for value in unit()["Environment"]]
    for name in (*of_unit, *image_environment()):
        assert name.startswith("PYTHON") or f'"{name}"' in code


def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    """systemd itself checks the unit where there is one; its sections and their names are checked everywhere."""
    text = (DEPLOY / "presswatch.service").read_text(encoding="utf-8")
    assert re.findall(r"^\[(\w+)\]$", text, re.MULTILINE) == ["Unit", "Service", "Install"]
    assert all(re.fullmatch(r"[A-Z]\w+", name) for name in unit())
    if shutil.which("systemd-analyze"):
        (tmp_path / "presswatch.service").write_text(
            re.sub(r"(?m)^(ExecStart=)\S+", rf"\g<1>{sys.executable}", text), encoding="utf-8"
        )
        command = ["systemd-analyze", "verify", "--man=no", str(tmp_path / "presswatch.service")]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")


def test_every_setting_that_is_named_exists_with_that_default() -> None:
    texts = [path.read_text(encoding="utf-8") for path in files()]
    assert sum(map(check_settings, texts)) >= 6


def test_the_container_is_built_of_what_is_there_pinned_and_not_as_root() -> None:
    base = instruction("FROM")
    version = tuple(map(int, re.fullmatch(r"python:(\d+\.\d+)-slim", base)[1].split(".")))  # type: ignore[index]
    least = PYPROJECT["project"]["requires-python"].removeprefix(">=")
    assert version >= tuple(map(int, least.split(".")))
    assert instruction("USER") not in {"root", "0"}
    assert f"--uid {instruction('USER')} " in DOCKERFILE
    [install] = [rest for name, rest in instructions() if name == "RUN" and "pip install" in rest]
    assert "--require-hashes" in install
    assert "--only-binary :all:" in install
    assert instruction("STOPSIGNAL") == "SIGTERM"
    assert instruction("WORKDIR") == instruction("VOLUME")


def test_what_is_copied_exists_and_is_let_through() -> None:
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    let_through = {line[1:] for line in ignored if line.startswith("!")}
    sources = {source for one, _ in copies() for source in one}
    assert sources == let_through
    assert all((ROOT / source).exists() for source in sources)
    packages = {found.split("*")[0] for found in PYPROJECT["tool"]["setuptools"]["packages"]["find"]["include"]}
    assert packages <= sources


def test_what_is_copied_is_a_whole_program(tmp_path: Path) -> None:
    application, data = tmp_path / "app", tmp_path / "data"
    data.mkdir()
    for sources, _ in copies():
        for source in sources:
            target = application / source
            target.parent.mkdir(parents=True, exist_ok=True)
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(ROOT / source, target)
    script = "import presswatch, storage; print(storage.__file__, flush=True); presswatch.main(['db', 'upgrade'])"
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=data,
        env={**os.environ, "PYTHONPATH": str(application), "PRESSWATCH_DATABASE": f"sqlite:///{data}/presswatch.db"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{application}/storage/")
    assert "tables created" in done.stdout


def test_the_container_runs_a_real_command_with_settings_that_are_taken() -> None:
    words = json.loads(instruction("ENTRYPOINT")) + json.loads(instruction("CMD"))
    assert words[0] == "presswatch"
    check_command(words[1:])
    [target] = [target for sources, target in copies() if sources == ["deploy/presswatch.toml"]]
    assert image_environment()["PRESSWATCH_CONFIG"] == target
    config = load_crawl_config(str(DEPLOY / "presswatch.toml"))
    assert config.storage.database.startswith(f"sqlite:///{instruction('VOLUME')}/")
    assert config.scheduler.metrics_listen.endswith(f":{instruction('EXPOSE')}")
    assert next(rest for name, rest in instructions() if name == "EXPOSE") == str(config.web.port)
    assert require_protection(config.web, config.web.host) is not None  # whoever changes something needs a token


def test_the_health_check_tells_a_daemon_that_works_from_none(tmp_path: Path, site: Site) -> None:
    command = json.loads(instruction("HEALTHCHECK").partition("CMD ")[2])
    port = free_port()
    assert (command[0], command[2].count(instruction("EXPOSE"))) == ("python", 1)
    command = [sys.executable, "-c", command[2].replace(instruction("EXPOSE"), str(port))]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 1
    site.publish(plain_article("one"))
    with DaemonRunner(tmp_path, site) as runner:
        runner.settle(schedule='interval = "6 h"', listen=f"127.0.0.1:{port}")
        runner.start()
        runner.wait(lambda: "answering /healthz" in runner.log)
        assert subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_compose_runs_that_container_with_the_time_and_the_memory_it_may_take() -> None:
    service = compose()
    context = (DEPLOY / service["build"]["context"]).resolve()
    assert (context / service["build"]["dockerfile"]).read_text(encoding="utf-8") == DOCKERFILE
    assert duration(service["stop_grace_period"]) > TO_STOP
    assert size(service["mem_limit"].replace("m", "MB")) > NEEDED
    ports = [rest for name, rest in instructions() if name == "EXPOSE"]
    assert service["ports"] == [f"127.0.0.1:{port}:{port}" for port in ports]
    (data, settings) = service["volumes"]
    assert data.endswith(f":{instruction('VOLUME')}")
    file, target, mode = settings.split(":")
    assert (DEPLOY / file).exists()
    assert (target, mode) == (image_environment()["PRESSWATCH_CONFIG"], "ro")


def test_nothing_is_had_from_a_named_host() -> None:
    for path in files():
        text = path.read_text(encoding="utf-8").replace("postgresql+psycopg://presswatch:${PRESSWATCH_PASSWORD", "")
        addresses = re.findall(r"\w+://(?!/)[^\s\"']+", text)
        assert addresses == [], path.name


def test_the_commands_in_the_comments_are_real() -> None:
    for path in files():
        for words in re.findall(
            r"presswatch ((?:status|config|daemon|serve)[^\n,]*?)(?= prints|\n|$)", path.read_text()
        ):
            check_command(shlex.split(words))
