"""Do the chart's alert rules fire when they should, and name only metrics that exist?"""

import re
import subprocess

import pytest
import yaml
from chart import CHART, HERE
from tools import REPOSITORY, run

RULES = sorted((CHART / "rules").glob("*.yaml"))


def alerts_and_records():
    return [each for path in RULES for group in yaml.safe_load(path.read_text())["groups"] for each in group["rules"]]


def test_promtool_accepts_the_rules():
    result = run(["promtool", "check", "rules", *RULES])
    assert result.returncode == 0, result.stdout + result.stderr


def test_alerts_fire_when_they_should():
    result = run(["promtool", "test", "rules", HERE / "rules_test.yaml"])
    assert result.returncode == 0, result.stdout + result.stderr


def test_every_alert_and_record_is_tested():
    text = (HERE / "rules_test.yaml").read_text()
    for each in alerts_and_records():
        assert text.count(each.get("alert") or each["record"]) >= 2, each


@pytest.mark.parametrize("rule", alerts_and_records(), ids=lambda each: each.get("alert") or each.get("record"))
def test_rules_name_metrics_that_exist(rule):
    known = (REPOSITORY / "tests/golden/metrics.txt").read_text()
    names = set(re.findall(r"\bpgconcord_\w+", rule["expr"]))
    for name in names:
        assert re.search(rf"^# TYPE {re.sub('_(bucket|count|sum)$', '', name)} ", known, re.MULTILINE), name
    if "alert" in rule:
        assert rule["labels"]["severity"] in ("critical", "warning", "info")
        assert {"summary", "description"} <= rule["annotations"].keys()


def test_promtool_itself_fails_on_a_wrong_expectation(tmp_path):
    text = (
        (HERE / "rules_test.yaml")
        .read_text()
        .replace("../../helm", str(REPOSITORY / "helm"))
        .replace("value: 2", "value: 3")
    )
    (tmp_path / "wrong.yaml").write_text(text)
    assert subprocess.run(["promtool", "test", "rules", tmp_path / "wrong.yaml"], capture_output=True).returncode == 1
