"""Do the sidecar examples hold what they promise: plain manifests, kustomize component, library template?"""

import shutil

import pytest
import yaml
from chart import BINARY, configurations, helm_template, objects, of_kind, pod_specs
from cluster_schemas import validate, versions
from tools import REPOSITORY, run, tool

EXAMPLES = REPOSITORY / "examples/kubernetes"


def manifest(name):
    return (EXAMPLES / f"{name}.yaml").read_text()


def kustomized():
    result = run([tool("kustomize"), "build", EXAMPLES / "overlay"])
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.fixture(scope="session")
def application_chart(tmp_path_factory):
    """A copy of the application's chart with its dependency built, as `helm dependency build` does."""
    root = tmp_path_factory.mktemp("tree")
    shutil.copytree(REPOSITORY / "helm", root / "helm")
    chart = shutil.copytree(EXAMPLES / "library-chart", root / "examples/kubernetes/library-chart")
    result = run([tool("helm"), "dependency", "update", chart])
    assert result.returncode == 0, result.stderr
    return chart


def templated(chart, *arguments, kube_version="1.31.0"):
    result = run([tool("helm"), "template", "orders", chart, "--kube-version", kube_version, *arguments])
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.fixture(scope="session")
def texts(application_chart):
    return {
        "sidecar-deployment": manifest("sidecar-deployment"),
        "sidecar-job": manifest("sidecar-job"),
        "kustomize": kustomized(),
        "library": templated(application_chart),
    }


KINDS = ["sidecar-deployment", "sidecar-job", "kustomize", "library"]


@pytest.mark.parametrize("version", versions())
def test_every_object_is_valid(version, texts, tmp_path):
    paths = []
    for name in KINDS:
        paths.append(tmp_path / f"{name}.yaml")
        paths[-1].write_text(texts[name])
    assert validate(paths, version) == []


@pytest.mark.parametrize("name", KINDS)
def test_the_proxy_is_a_native_sidecar(name, texts):
    (pod,) = pod_specs(objects(texts[name]))
    (sidecar,) = pod["initContainers"]
    assert sidecar["name"] == "pgconcord" and sidecar["restartPolicy"] == "Always"
    assert sidecar["startupProbe"]["httpGet"]["path"] == "/healthz"
    security = {**pod.get("securityContext", {}), **sidecar["securityContext"]}
    assert security["runAsNonRoot"] and security["runAsUser"] > 0 and security["readOnlyRootFilesystem"]
    assert security["capabilities"] == {"drop": ["ALL"]} and security["seccompProfile"] == {"type": "RuntimeDefault"}
    assert {each["name"] for each in sidecar["volumeMounts"]} <= {each["name"] for each in pod["volumes"]}


@pytest.mark.parametrize("name", KINDS)
def test_the_configuration_is_valid_and_meant_for_its_own_pod(name, texts, tmp_path):
    found = configurations(objects(texts[name]))
    assert len(found) == 1
    for text in found.values():
        path = tmp_path / "pgconcord.yaml"
        path.write_text(text)
        result = run([BINARY, "check", "--strict", "--config", path])
        assert result.returncode == 0, result.stderr
        assert yaml.safe_load(text)["listen"][0]["address"] == "127.0.0.1:6432"


@pytest.mark.parametrize("name", ["sidecar-deployment", "kustomize", "library"])
def test_the_application_connects_to_the_sidecar(name, texts):
    (pod,) = pod_specs(objects(texts[name]))
    environment = {each["name"]: each["value"] for each in pod["containers"][0]["env"]}
    assert environment == {"DATABASE_HOST": "127.0.0.1", "DATABASE_PORT": "6432"}


def test_a_sidecar_release_holds_no_workload_of_its_own(application_chart, texts):
    found = objects(texts["library"])
    assert sorted(each["kind"] for each in found) == ["ConfigMap", "Deployment", "PodMonitor"]
    assert of_kind(found, "PodMonitor")[0]["spec"]["selector"]["matchLabels"] == {"app": "orders"}


def test_without_the_dependency_the_application_connects_directly(application_chart):
    found = objects(templated(application_chart, "--set", "pgconcord.enabled=false"))
    assert [each["kind"] for each in found] == ["Deployment"]
    (pod,) = pod_specs(found)
    assert "initContainers" not in pod and pod["containers"][0]["env"][0]["value"] == "postgres.example.svc"


def test_the_example_values_render():
    values = EXAMPLES / "standalone-values.yaml"
    result = helm_template("--values", values, kube_version="1.31.0")
    assert result.returncode == 0 and "kind: ServiceMonitor" in result.stdout, result.stderr
