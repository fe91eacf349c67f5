"""Does the chart render what Kubernetes accepts and pgconcord can run, for every feature? One values file is one feature."""

import difflib
import json
import os
import pathlib
import subprocess
import sys

import pytest
import yaml
from chart import BINARY, CHART, FEATURES, HERE, configurations, helm_template, objects, of_kind, pod_specs, values_of
from cluster_schemas import validate, versions
from tools import REPOSITORY, run, tool

# Not in golden files: they are other files of the chart, and tested against those.
ELSEWHERE = ("PrometheusRule",)


@pytest.mark.parametrize("feature", FEATURES)
def test_helm_lint_has_nothing_to_say(feature):
    result = run([tool("helm"), "lint", "--strict", CHART, "--values", values_of(feature)])
    assert result.returncode == 0 and "[WARNING]" not in result.stdout, result.stdout + result.stderr


@pytest.mark.parametrize("version", versions())
def test_every_object_is_valid_and_has_no_unknown_field(version, rendered, newest, tmp_path):
    # The chart asks only whether the cluster is older than 1.30 (preStop.sleep, trafficDistribution).
    kube_version = version if version.startswith("1.29.") else newest
    paths = []
    for feature in FEATURES:
        paths.append(tmp_path / f"{feature}.yaml")
        paths[-1].write_text(rendered(feature, kube_version))
    assert validate(paths, version) == []


@pytest.mark.parametrize(
    "text, words",
    [
        ("apiVersion: v1\nkind: Service\nmetadata: {name: x}\nspec: {prots: []}\n", "prots"),
        ("apiVersion: v1\nkind: Servise\nmetadata: {name: x}\n", "could not find schema"),
        (
            "apiVersion: monitoring.coreos.com/v1\nkind: PodMonitor\nmetadata: {name: x}\n"
            "spec: {selector: {}, podMetricsEndpoints: [{intervall: 5s}]}\n",
            "intervall",
        ),
        (
            "apiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: {name: x}\n"
            "spec: {secretName: s, issuerRef: {name: i}, dnsName: [a]}\n",
            "dnsName",
        ),
    ],
)
def test_the_validation_itself_finds_planted_errors(text, words, newest, tmp_path):
    path = tmp_path / "planted.yaml"
    path.write_text(text)
    problems = validate([path], newest)
    assert problems and words in problems[0], problems


@pytest.mark.parametrize("feature", FEATURES)
def test_golden(feature, rendered, newest):
    """What helm renders, word for word. PGCONCORD_UPDATE_GOLDEN=1 (scripts/golden) writes it anew."""
    dashboards = "grafana_dashboard"
    kept = [
        each
        for each in objects(rendered(feature, newest))
        if each["kind"] not in ELSEWHERE and dashboards not in each["metadata"].get("labels", {})
    ]
    text = yaml.safe_dump_all(kept, sort_keys=False, width=120)
    path = HERE / f"golden/{feature}.yaml"
    if os.environ.get("PGCONCORD_UPDATE_GOLDEN"):
        path.write_text(text)
    before = path.read_text() if path.exists() else ""
    difference = difflib.unified_diff(before.splitlines(), text.splitlines(), "golden", "rendered", lineterm="")
    assert text == before, "\n".join(difference)


def test_no_golden_file_is_left_over():
    assert sorted(path.stem for path in (HERE / "golden").glob("*.yaml")) == FEATURES


def on_this_machine(configuration, folder):
    """The configuration with the pod's mounts replaced by folders that hold what a cluster would put there."""
    policies = folder / "pgconcord-policies"
    policies.mkdir(exist_ok=True)
    (policies / "team.yaml").write_text(
        "policies: [{name: p, table: public.t, constraint: t_pkey, action: do_nothing}]\n"
    )
    certificate(folder)
    return configuration.replace("/etc/pgconcord-", f"{folder}/pgconcord-")


def certificate(folder):
    """A self-signed certificate under every name a Secret gives it."""
    made = folder / "made"
    made.mkdir(exist_ok=True)
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-subj",
        "/CN=x",
    ]
    run([*command, "-keyout", made / "tls.key", "-out", made / "tls.crt", "-days", "2"], check=True)
    (made / "ca.crt").write_text((made / "tls.crt").read_text())
    (made / "token").write_text("a-token-of-some-length-0123456789")
    for each in ("tls", "upstream-ca", "upstream-client", "admin"):
        (folder / f"pgconcord-{each}").symlink_to(made)


@pytest.mark.parametrize("feature", FEATURES)
def test_pgconcord_accepts_every_rendered_configuration(feature, documents, tmp_path):
    found = configurations(documents(feature))
    assert bool(found) == (not feature.startswith("existing-"))
    for name, text in found.items():
        path = tmp_path / f"{name}.yaml"
        path.write_text(on_this_machine(text, tmp_path))
        result = run([BINARY, "check", "--strict", "--format", "json", "--config", path])
        report = json.loads(result.stdout)
        # A build that lacks a part of the contract says so itself; anything else is the chart's fault.
        errors = [
            each for each in report["errors"] if not each["message"].endswith("is not implemented in this release")
        ]
        assert errors == [] and (result.returncode == 0 or report["errors"]), report


def test_the_default_observes(documents):
    configuration = yaml.safe_load(configurations(documents("default"))["demo-pgconcord"])
    assert configuration["mode"] == "observe" and "policies" not in configuration


def test_policies_stand_in_their_order(documents):
    configuration = yaml.safe_load(configurations(documents("policies"))["demo-pgconcord"])
    assert [each["name"] for each in configuration["policies"]] == [
        "first-of-all",
        "signup-email",
        "upsert-stock",
        "a-late-one",
    ]
    assert configuration["policies"][0]["mode"] == "off" and "order" not in configuration["policies"][0]


@pytest.mark.parametrize("feature", [each for each in FEATURES if each not in ("extras",)])
def test_pods_meet_the_restricted_security_standard(feature, documents):
    for pod in pod_specs(documents(feature)):
        assert pod["automountServiceAccountToken"] is False
        security = pod["securityContext"]
        assert security["runAsNonRoot"] is True and security["runAsUser"] > 0
        assert security["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in pod["containers"]:
            assert container["securityContext"] == {
                "runAsNonRoot": True,
                "runAsUser": 65532,
                "runAsGroup": 65532,
                "seccompProfile": {"type": "RuntimeDefault"},
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }


@pytest.mark.parametrize("feature", FEATURES)
def test_mounts_have_volumes_and_are_never_sub_paths(feature, documents):
    """The kubelet does not update a subPath, so that a reload would never be seen."""
    for pod in pod_specs(documents(feature)):
        volumes = {each["name"] for each in pod.get("volumes", [])}
        for container in pod["containers"]:
            for mount in container.get("volumeMounts", []):
                assert mount["name"] in volumes and "subPath" not in mount


@pytest.mark.parametrize("feature", FEATURES)
def test_the_grace_period_covers_sleep_and_drain(feature, documents):
    for deployment in of_kind(documents(feature), "Deployment"):
        pod = deployment["spec"]["template"]["spec"]
        stop = pod["containers"][0].get("lifecycle", {}).get("preStop", {"sleep": {"seconds": 0}})["sleep"]["seconds"]
        configuration = configurations(documents(feature)).get(deployment["metadata"]["name"])
        drain = int(yaml.safe_load(configuration)["shutdown"]["drain"].rstrip("s")) if configuration else 60
        # Transactions that are open when the drain is over have 10 seconds more (proxy/net/server.cc).
        assert pod["terminationGracePeriodSeconds"] > stop + drain + 10


def test_before_1_30_the_pause_is_a_command(rendered):
    (pod,) = [
        each for each in pod_specs(objects(rendered("default", "1.29.0"))) if "lifecycle" in each["containers"][0]
    ]
    assert pod["containers"][0]["lifecycle"]["preStop"] == {"exec": {"command": ["sleep", "10"]}}


def test_selectors_find_the_pods(documents):
    for feature in ("default", "extras", "bare", "monitoring"):
        found = documents(feature)
        (deployment,) = of_kind(found, "Deployment")
        labels = deployment["spec"]["template"]["metadata"]["labels"].items()
        for service in of_kind(found, "Service"):
            assert service["spec"]["selector"].items() <= labels
        assert deployment["spec"]["selector"]["matchLabels"].items() <= labels
        for monitor in of_kind(found, "ServiceMonitor"):
            wanted = monitor["spec"]["selector"]["matchLabels"].items()
            selected = [each for each in of_kind(found, "Service") if wanted <= each["metadata"]["labels"].items()]
            assert [each["metadata"]["name"] for each in selected] == [deployment["metadata"]["name"] + "-admin"]


@pytest.mark.parametrize("feature", FEATURES)
def test_names_fit_into_63_characters(feature, documents):
    assert all(len(each["metadata"]["name"]) <= 63 for each in documents(feature))


def checksum(*arguments):
    result = helm_template("--values", values_of("restart"), *arguments, kube_version="1.31.0")
    (deployment,) = of_kind(objects(result.stdout), "Deployment")
    return deployment["spec"]["template"]["metadata"]["annotations"].get("checksum/config")


def test_a_change_rolls_the_pods_only_where_asked():
    assert checksum() != checksum("--set", "mode=enforce")
    assert checksum("--set", "reload.strategy=hot") is None


# Arguments of helm, and what the message must name. Without the schema, a typo would be ignored in silence.
TYPOS = [
    (["--set", "upstraem.host=x"], "upstraem"),
    (["--set", "upstream.hots=x"], "hots"),
    (["--set", "mode=enforced"], "mode"),
    (["--set", "replicaCount=two"], "replicaCount"),
    (["--set", "metrics.serviceMonitor.enable=true"], "enable"),
    (["--set", "policies.p.table=public.t,policies.p.action=ignore"], "action"),
    (["--set", "policies.p.table=public.t,policies.p.action=do_nothing,policies.p.constrant=c"], "constrant"),
    (["--set", "policies.p.table=public.t"], "action"),
    (["--set", "config.limits.max_client=5"], "max_client"),
    (["--set", "image.digest=latest"], "digest"),
    (["--set", "service.type=ExternalName"], "type"),
    (["--set", "deploy=daemonset"], "deploy"),
]


@pytest.mark.parametrize("arguments, word", TYPOS, ids=lambda each: each if isinstance(each, str) else "")
def test_typos_are_refused(arguments, word):
    result = helm_template("--set", "upstream.host=x", *arguments, kube_version="1.31.0")
    assert result.returncode != 0 and word in result.stderr, result.stdout[:500]


# What is missing or cannot work together is said with the way out.
CONTRADICTIONS = [
    ([], "upstream.host: name the PostgreSQL server"),
    (["--set", "upstream.host=x,tls.enabled=true"], "tls.existingSecret: name a Secret"),
    (["--set", "upstream.host=x,tls.enabled=true,tls.certManager.enabled=true"], "tls.certManager.issuerRef"),
    (["--set", "upstream.host=x,deploy=sidecar,metrics.podMonitor.enabled=true"], "metrics.podMonitor.podLabels"),
    (["--set", "upstream.host=x,deploy=sidecar,metrics.serviceMonitor.enabled=true"], "use metrics.podMonitor"),
    (
        ["--set", "upstream.host=x,metrics.prometheusRule.enabled=true,metrics.prometheusRule.excludeRules={Nonsense}"],
        "there is no alert Nonsense",
    ),
]


@pytest.mark.parametrize("arguments, words", CONTRADICTIONS, ids=[words for _, words in CONTRADICTIONS])
def test_contradictions_are_refused_with_a_way_out(arguments, words):
    result = helm_template(*arguments, kube_version="1.31.0")
    assert result.returncode != 0 and words in result.stderr, result.stderr


def test_rules_and_dashboards_are_those_of_the_files(documents):
    found = documents("sidecar")
    (rule,) = of_kind(found, "PrometheusRule")
    written = [yaml.safe_load(path.read_text()) for path in sorted((CHART / "rules").glob("*.yaml"))]
    assert sorted(each["name"] for each in rule["spec"]["groups"]) == sorted(
        g["name"] for file in written for g in file["groups"]
    )
    alerts = {
        each["alert"]: each
        for file in written
        for group in file["groups"]
        for each in group["rules"]
        if "alert" in each
    }
    rendered_alerts = {
        each["alert"]: each for group in rule["spec"]["groups"] for each in group["rules"] if "alert" in each
    }
    assert rendered_alerts == alerts
    files = sorted(path.name for path in (CHART / "dashboards").glob("*.json"))
    maps = [each for each in of_kind(documents("monitoring"), "ConfigMap") if "pgconcord.yaml" not in each["data"]]
    assert sorted(name for each in maps for name in each["data"]) == files
    for each in maps:
        assert each["metadata"]["labels"]["grafana_dashboard"] == "1" and all(map(json.loads, each["data"].values()))


def test_rules_can_be_changed_by_name(documents):
    (rule,) = of_kind(documents("monitoring"), "PrometheusRule")
    alerts = {each["alert"]: each for group in rule["spec"]["groups"] for each in group["rules"] if "alert" in each}
    assert "PgconcordMetricSeriesCapped" not in alerts
    changed = alerts["PgconcordUpstreamDown"]
    assert (changed["for"], changed["labels"]) == ("10m", {"severity": "warning", "team": "databases"})
    assert changed["annotations"]["runbook_url"] == "https://runbooks.example.org/pgconcord/PgconcordUpstreamDown"


def test_generated_files_are_fresh():
    result = run([sys.executable, REPOSITORY / "scripts/chart-files", "--check"])
    assert result.returncode == 0, result.stderr


def test_the_chart_is_of_the_programs_version():
    built = json.loads(subprocess.check_output([BINARY, "version", "--json"]))["version"]
    assert yaml.safe_load((CHART / "Chart.yaml").read_text())["appVersion"] == built


def test_the_package_holds_no_more_than_the_chart(tmp_path):
    result = run([tool("helm"), "package", CHART, "--destination", tmp_path])
    assert result.returncode == 0, result.stderr
    (archive,) = pathlib.Path(tmp_path).glob("*.tgz")
    names = subprocess.check_output(["tar", "tzf", archive], text=True).split()
    folders = {name.split("/")[1] for name in names}
    expected = {
        "Chart.yaml",
        ".helmignore",
        "README.md",
        "values.yaml",
        "values.schema.json",
        "templates",
        "rules",
        "dashboards",
    }
    assert folders <= expected, folders
