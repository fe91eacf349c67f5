"""Strict JSON schemas of Kubernetes objects: the built-in ones from the package kubernetes-validate, the custom ones out of
the CustomResourceDefinitions in the modules of prometheus-operator and cert-manager. Strict: unknown fields are errors."""

import fcntl
import importlib.metadata
import json
import pathlib
import re
import shutil

import kubernetes_validate
import yaml
from tools import CACHE, module_folder, run, tool

BUILT_IN = pathlib.Path(kubernetes_validate.__file__).parent / "kubernetes-json-schema"
OPERATOR = "github.com/prometheus-operator/prometheus-operator@v0.85.0"
CUSTOM = {
    OPERATOR: [
        f"example/prometheus-operator-crd/monitoring.coreos.com_{kinds}.yaml"
        for kinds in ("servicemonitors", "podmonitors", "prometheusrules")
    ],
    "github.com/cert-manager/cert-manager@v1.21.2": ["deploy/crds/cert-manager.io_certificates.yaml"],
}
OLDEST = (1, 29)  # kubeVersion of Chart.yaml: the first with native sidecars


def versions():
    """1.29.0 up to the newest that the package knows."""
    found = [re.fullmatch(r"v(\d+)\.(\d+)\.(\d+)-local-strict", path.name) for path in BUILT_IN.iterdir()]
    numbers = sorted(tuple(map(int, match.groups())) for match in found if match)
    return [".".join(map(str, each)) for each in numbers if each[:2] >= OLDEST]


def closed(schema):
    """The schema with unknown fields forbidden wherever it lists the known ones."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    result = {key: closed(value) for key, value in schema.items()}
    open_on_purpose = result.get("x-kubernetes-preserve-unknown-fields")
    if isinstance(result.get("properties"), dict) and "additionalProperties" not in result and not open_on_purpose:
        result["additionalProperties"] = False
    if result.pop("x-kubernetes-int-or-string", False):
        result.pop("type", None)
        result["anyOf"] = [{"type": "integer"}, {"type": "string"}]
    return result


def write_custom_schemas(folder):
    for module, names in CUSTOM.items():
        for name in names:
            for definition in yaml.load_all((module_folder(module) / name).read_text(), yaml.CSafeLoader):
                spec = definition["spec"]
                group, kind = spec["group"].split(".")[0], spec["names"]["kind"].lower()
                for version in spec["versions"]:
                    schema = closed(version["schema"]["openAPIV3Schema"])
                    schema["properties"]["metadata"] = {"type": "object"}
                    (folder / f"{kind}-{group}-{version['name']}.json").write_text(json.dumps(schema))


def write_built_in_schemas(folder):
    """The package's references name a place of a server of its own; here they name the file beside."""
    for version in versions():
        target = folder / f"v{version}"
        target.mkdir()
        for path in (BUILT_IN / f"v{version}-local-strict").iterdir():
            schema = json.loads(path.read_text().replace('"/api/_definitions.json', '"_definitions.json'))
            schema.pop("$id", None)
            (target / path.name).write_text(json.dumps(schema))


def schemas():
    """The folder of all schemas, written once; test processes that ask at the same time wait for it."""
    wanted = json.dumps([CUSTOM, importlib.metadata.version("kubernetes-validate")])
    CACHE.mkdir(exist_ok=True)
    with (CACHE / "schemas.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp = CACHE / "schemas/made-from"
        if not stamp.exists() or stamp.read_text() != wanted:
            shutil.rmtree(stamp.parent, ignore_errors=True)
            (stamp.parent / "custom").mkdir(parents=True)
            write_custom_schemas(stamp.parent / "custom")
            write_built_in_schemas(stamp.parent)
            stamp.write_text(wanted)
    return stamp.parent


def validate(paths, version):
    """What kubeconform has against these files; empty = nothing. A kind without a schema is an error too."""
    result = run(
        [
            tool("kubeconform"),
            "-strict",
            *["-schema-location", f"{schemas()}/v{version}/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json"],
            *["-schema-location", f"{schemas()}/custom/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json"],
            *["-output", "json", "-summary"],
            *paths,
        ]
    )
    report = json.loads(result.stdout)
    problems = [
        f"{each['filename']}: {each['kind']} {each['name']}: {each['msg']}" for each in report["resources"] or []
    ]
    if report["summary"]["valid"] == 0:
        problems.append(f"kubeconform looked at nothing: {result.stderr}")
    return problems + ([] if result.returncode == 0 or problems else [result.stderr])
