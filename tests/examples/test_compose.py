"""Would docker compose, Prometheus and Grafana take the files of examples/compose?"""

import json
import re
import shutil
import subprocess

import pytest
import yaml
from harness.proxy_process import REPOSITORY, binary

FOLDER = REPOSITORY / "examples/compose"
COMPOSE = yaml.safe_load((FOLDER / "docker-compose.yaml").read_text())


def mounts():
    for name, service in COMPOSE["services"].items():
        for volume in service.get("volumes", []):
            source, target = volume.split(":")[:2]
            yield name, (FOLDER / source).resolve(), target


def in_container(service, path):
    """The file of this repository that a container sees under a path."""
    for name, source, target in mounts():
        if name == service and (path + "/").startswith(target + "/"):
            return source / path[len(target) + 1 :] if path != target else source
    raise AssertionError(f"{service} has no {path}")


def test_the_file_is_valid_by_the_reference_implementation(compose_go):
    result = subprocess.run([compose_go, FOLDER / "docker-compose.yaml"], capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_reference_implementation_finds_mistakes(compose_go, tmp_path):
    path = tmp_path / "docker-compose.yaml"
    path.write_text("services: {a: {image: b, prots: ['1:1']}}")
    assert subprocess.run([compose_go, path], capture_output=True).returncode != 0


def test_every_mounted_file_exists():
    assert [str(source) for _, source, _ in mounts() if not source.exists()] == []


def test_services_wait_for_services_that_can_tell():
    for service in COMPOSE["services"].values():
        waits = service.get("depends_on", {})
        for other in waits:
            assert other in COMPOSE["services"]
            healthy = isinstance(waits, dict) and waits[other]["condition"] == "service_healthy"
            tells = "healthcheck" in COMPOSE["services"][other] or "build" in COMPOSE["services"][other]
            assert not healthy or tells, other


def test_pgconcord_takes_its_configuration():
    path = in_container("pgconcord", "/etc/pgconcord/pgconcord.yaml")
    result = subprocess.run([binary(), "check", "--strict", "--config", path], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert "mode: observe\n" in path.read_text()


def test_prometheus_takes_its_configuration_and_the_rules(tmp_path):
    text = in_container("prometheus", "/etc/prometheus/prometheus.yml").read_text()
    rules = in_container("prometheus", "/etc/prometheus/rules")
    path = tmp_path / "prometheus.yml"
    path.write_text(text.replace("/etc/prometheus/rules", str(rules)))
    result = subprocess.run(["promtool", "check", "config", path], capture_output=True, text=True)
    assert result.returncode == 0 and "SUCCESS: 2 rule files found" in result.stdout, result.stdout + result.stderr


def test_grafana_finds_datasource_and_dashboards():
    (provider,) = yaml.safe_load(
        in_container("grafana", "/etc/grafana/provisioning/dashboards/provider.yaml").read_text()
    )["providers"]
    dashboards = in_container("grafana", provider["options"]["path"])
    names = {path.name for path in dashboards.glob("*.json")}
    home = COMPOSE["services"]["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert names == {"integrity.json", "proxy.json"} and in_container("grafana", home).exists()
    for path in dashboards.glob("*.json"):
        assert "__inputs" not in json.loads(path.read_text())
    (source,) = yaml.safe_load(
        in_container("grafana", "/etc/grafana/provisioning/datasources/prometheus.yaml").read_text()
    )["datasources"]
    host, port = re.fullmatch(r"http://(\w+):(\d+)", source["url"]).groups()
    assert any(each.endswith(f":{port}") for each in COMPOSE["services"][host]["ports"])


def test_the_load_is_a_script_that_bash_takes():
    script = in_container("load", "/load.sh")
    assert subprocess.run(["bash", "-n", script]).returncode == 0
    assert subprocess.run(["shellcheck", "--shell=bash", script]).returncode == 0


@pytest.fixture(scope="session")
def compose_go():
    """The validator of the Compose specification, built once by Go."""
    tools = REPOSITORY / ".cache/tools"
    program = tools / "compose-go"
    if not program.exists():
        assert shutil.which("go"), "Go builds the validator: https://go.dev/dl"
        tools.mkdir(parents=True, exist_ok=True)
        source = REPOSITORY / "tests/examples/compose_check"
        subprocess.run(["go", "build", "-o", program, "."], cwd=source, check=True)
    return program
