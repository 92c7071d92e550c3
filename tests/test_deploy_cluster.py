"""The files of deploy/ for several machines: one container in several roles, and manifests that Kubernetes takes."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import kubernetes_validate
import pytest
import yaml

from scraper.sources import load_crawl_config
from storage.config.parsers import duration
from tests.manuals import check_command
from tests.test_deploy import DEPLOY, ROOT, TO_STOP, image_environment, instruction, instructions

VERSIONS = ("1.29", kubernetes_validate.latest_version())
MANIFESTS: list[dict[str, Any]] = [
    manifest
    for path in sorted((DEPLOY / "kubernetes").iterdir())
    for manifest in yaml.safe_load_all(path.read_text(encoding="utf-8"))
]
DEPLOYMENTS = {one["metadata"]["name"]: one["spec"] for one in MANIFESTS if one["kind"] == "Deployment"}
ROLES = ("daemon", "web", "worker")


def services() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.cluster.yaml").read_text(encoding="utf-8"))["services"]
    return read


def container(role: str) -> Any:
    [found] = DEPLOYMENTS[f"presswatch-{role}"]["template"]["spec"]["containers"]
    return found


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda one: f"{one['kind']}-{one['metadata']['name']}")
def test_kubernetes_takes_every_manifest(manifest: dict[str, Any], version: str) -> None:
    kubernetes_validate.validate(manifest, version, strict=True)
    wrong = {**manifest, "spec": {**manifest.get("spec", {}), "replica": 2}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, version, strict=True)


@pytest.mark.parametrize("role", ROLES)
def test_every_role_runs_a_real_command_with_the_time_it_may_take(role: str) -> None:
    for service, words in ((services()[role], services()[role]["command"]), (None, container(role)["args"])):
        check_command(words)
        if service is not None:
            assert duration(service["stop_grace_period"]) > TO_STOP
            assert service["build"]["args"]["REQUIREMENTS"] == "requirements-cluster.txt"
    spec = DEPLOYMENTS[f"presswatch-{role}"]["template"]["spec"]
    assert duration(f"{spec['terminationGracePeriodSeconds']} s") > TO_STOP
    assert str(spec["securityContext"]["runAsUser"]) == instruction("USER")
    assert services()[role]["image"] == container(role)["image"]


def test_two_daemons_stand_by_and_two_workers_crawl() -> None:
    assert {name: spec["replicas"] for name, spec in DEPLOYMENTS.items()} == {
        "presswatch-daemon": 2,
        "presswatch-web": 1,
        "presswatch-worker": 2,
    }
    assert "--standby" in container("daemon")["args"]
    assert services()["worker"]["deploy"]["replicas"] == 2


@pytest.mark.parametrize("role", ROLES)
def test_every_role_reads_settings_and_a_database_that_are_there(role: str) -> None:
    [variable] = container(role)["env"]
    assert [variable["name"]] == list(services()[role]["environment"]) == ["PRESSWATCH_DATABASE"]
    path = image_environment()["PRESSWATCH_CONFIG"]
    [file, target, mode] = services()[role]["volumes"][0].split(":")
    assert (target, mode) == (path, "ro")
    assert (DEPLOY / file).exists()
    [mount] = [mount for mount in container(role)["volumeMounts"] if mount["name"] == "settings"]
    [settings] = [one for one in MANIFESTS if one["kind"] == "ConfigMap"]
    assert path in {f"{mount['mountPath']}/{name}" for name in settings["data"]}


def test_the_settings_are_those_of_a_queue_in_both() -> None:
    [settings] = [one for one in MANIFESTS if one["kind"] == "ConfigMap"]
    text = settings["data"]["presswatch.toml"]
    assert tomllib.loads(text) == tomllib.loads((DEPLOY / "cluster.toml").read_text(encoding="utf-8"))
    config = load_crawl_config(toml=text)
    assert config.scheduler.engine == "procrastinate"
    [metrics] = container("daemon")["ports"]
    assert config.scheduler.metrics_listen.endswith(f":{metrics['containerPort']}")
    [pages] = container("web")["ports"]
    assert config.web.port == pages["containerPort"]


def test_a_service_reaches_the_pages() -> None:
    [service] = [one for one in MANIFESTS if one["kind"] == "Service"]
    spec = DEPLOYMENTS["presswatch-web"]
    assert service["spec"]["selector"] == spec["selector"]["matchLabels"] == spec["template"]["metadata"]["labels"]
    [port] = service["spec"]["ports"]
    assert port["targetPort"] in {one["name"] for one in container("web")["ports"]}


def test_the_requirements_of_a_cluster_are_those_of_one_machine_and_its_libraries() -> None:
    def pins(name: str) -> set[str]:
        lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
        return {line.split(" ")[0] for line in lines if line[:1].isalnum()}

    cluster = pins("requirements-cluster.txt")
    assert pins("requirements.txt") <= cluster <= pins("requirements-dev.txt")
    assert {"procrastinate", "psycopg", "psycopg-binary", "tldextract"} <= {pin.split("==")[0] for pin in cluster}
    [install] = [rest for name, rest in instructions() if name == "RUN" and "pip install" in rest]
    assert '-r "/app/${REQUIREMENTS}"' in install
    assert ("ARG", "REQUIREMENTS=requirements.txt") in instructions()


class _Ill(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(503)
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        """Write nothing."""


@pytest.fixture
def ill_daemon() -> Iterator[int]:
    """The port of a daemon that says that it is ill."""
    with HTTPServer(("127.0.0.1", 0), _Ill) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def test_the_probe_of_a_daemon_restarts_only_one_that_hangs(ill_daemon: int) -> None:
    command = container("daemon")["livenessProbe"]["exec"]["command"]
    assert command[:2] == ["python", "-c"]

    def probed(port: int) -> int:
        script = command[2].replace("9464", str(port)).replace("timeout=8", "timeout=0.5")
        return subprocess.run([sys.executable, "-c", script], capture_output=True, check=False).returncode

    assert probed(ill_daemon) == 0
    with HTTPServer(("127.0.0.1", 0), _Ill) as hanging:  # it listens, and nobody answers
        assert probed(hanging.server_port) == 1
        port = hanging.server_port
    assert probed(port) == 0
