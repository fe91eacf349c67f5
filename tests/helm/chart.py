"""The chart as rendered by helm."""

import os
import pathlib

import yaml
from tools import REPOSITORY, run, tool

CHART = REPOSITORY / "helm/pgconcord"
HERE = pathlib.Path(__file__).parent
FEATURES = sorted(path.stem for path in (HERE / "values").glob("*.yaml"))
BINARY = os.environ.get("PGCONCORD_BIN", str(REPOSITORY / "build/dev/pgconcord"))


def values_of(feature):
    return HERE / f"values/{feature}.yaml"


def helm_template(*arguments, kube_version, chart=CHART):
    return run(
        [tool("helm"), "template", "demo", chart, "--namespace", "data", "--kube-version", kube_version, *arguments]
    )


def render(feature, kube_version):
    """The rendered text of one values file."""
    result = helm_template("--values", values_of(feature), kube_version=kube_version)
    assert result.returncode == 0, result.stderr
    return result.stdout


def objects(text):
    return [each for each in yaml.load_all(text, yaml.CSafeLoader) if each]


def of_kind(documents, kind):
    return [each for each in documents if each["kind"] == kind]


def configurations(documents):
    """The pgconcord.yaml of every ConfigMap, by the name of the ConfigMap."""
    maps = of_kind(documents, "ConfigMap")
    return {
        each["metadata"]["name"]: each["data"]["pgconcord.yaml"] for each in maps if "pgconcord.yaml" in each["data"]
    }


def pod_specs(documents):
    return [each["spec"]["template"]["spec"] for each in documents if each["kind"] in ("Deployment", "Job")]
