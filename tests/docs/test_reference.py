"""Do the reference pages name everything the program has, and nothing else?"""

import os
import re

import pytest
import yaml
from documents import REPOSITORY, blocks_of, pages

KEYS = re.findall(r"^\| `([^`]+)` \|", (REPOSITORY / "docs/configuration-keys.md").read_text(), re.MULTILINE)
REASON = re.compile(r'\{Reason::\w+,\s*"(\w+)",\s*((?:"(?:[^"\\]|\\.)*"\s*)+)\}')


def source(*folders):
    """The C++ of these folders with adjacent string literals joined."""
    text = "".join(path.read_text() for folder in folders for path in sorted((REPOSITORY / folder).rglob("*.cc")))
    return re.sub(r'"\s*\n\s*"', "", text)


def keys_of(value, prefix=""):
    """The keys of a document in the notation of configuration-keys.md."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield prefix + key
            if prefix + key != "policies[].set":
                yield from keys_of(inner, f"{prefix}{key}.")
    elif isinstance(value, list):
        for inner in value:
            yield from keys_of(inner, f"{prefix[:-1]}[].")


def test_every_setting_is_shown_in_use():
    shown = set()
    for block in blocks_of("docs/settings.md", pages()["docs/settings.md"]):
        if block.language == "yaml":
            shown |= set(keys_of(yaml.safe_load(block.text)))
    assert len(KEYS) > 50 and shown == set(KEYS)


def test_every_setting_is_described_in_words():
    text = re.sub(r"```.*?```", "", pages()["docs/settings.md"], flags=re.DOTALL)
    for key in KEYS:
        last = key.replace("[]", "").split(".")[-1]
        assert re.search(rf"(?<![\w-]){last}(?![\w-])", text), key


def reasons():
    text = (REPOSITORY / "policies/reason.cc").read_text()
    found = {}
    for label, literals in REASON.findall(text):
        found[label] = "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', literals)).replace('\\"', '"')
    assert len(found) >= 35 and "guarded" in found
    return found


HEAD = """# Left alone: all reasons

Where a policy matches and the statement is forwarded untouched nevertheless, `pgconcord_left_alone_total` counts it with one reason of this
list. `pgconcord explain` gives the same reason beforehand, `pgconcord policies` what happened so far.

| reason | what it means, and the way out |
|---|---|
"""


def test_every_reason_is_explained_as_the_program_does():
    """PGCONCORD_UPDATE_GOLDEN=1 writes the page."""
    rows = "".join(f"| `{label}` | {text} |\n" for label, text in sorted(reasons().items()))
    path = REPOSITORY / "docs/left-alone.md"
    if os.environ.get("PGCONCORD_UPDATE_GOLDEN"):
        path.write_text(HEAD + rows)
    assert path.read_text() == HEAD + rows


# Words of the server or libpq that users look for here.
OF_OTHERS = {
    "password authentication failed", "duplicate key value violates unique constraint",
    "channel binding required, but not supported by server's authentication request",
}  # fmt: skip


def error_texts():
    for line in pages()["docs/troubleshooting.md"].splitlines():
        if line.startswith("| `"):
            yield from re.findall(r"`([^`]+)`", line.split(" | ")[0])


@pytest.mark.parametrize("text", sorted(set(error_texts())))
def test_error_texts_are_those_of_the_program(text):
    texts = source("proxy", "policies")
    wanted = text.replace("SSL request", '" + std::string(what)') if "unencrypted" in text else text
    assert text in OF_OTHERS or wanted.rstrip('"') in texts or text in texts


def test_every_refusal_of_a_client_is_in_troubleshooting():
    """FATAL texts of our own: {"SQLSTATE", "text" ...}."""
    page = pages()["docs/troubleshooting.md"]
    ours = set(re.findall(r'fail\(\{"[0-9A-Z]{5}",\s*"([^"]+)"', source("proxy/session")))
    assert {"the database server is not available", "the proxy is shutting down"} <= ours
    for text in ours:
        assert text in page, text


def alerts():
    for path in sorted((REPOSITORY / "helm/pgconcord/rules").glob("*.yaml")):
        for group in yaml.safe_load(path.read_text())["groups"]:
            yield from (rule for rule in group["rules"] if "alert" in rule)


@pytest.mark.parametrize("rule", list(alerts()), ids=lambda rule: rule["alert"])
def test_every_alert_has_a_runbook(rule):
    text = pages()[f"docs/runbooks/{rule['alert']}.md"]
    for part in ("**Meaning.**", "**Impact.**", "**Diagnosis.**", "**Mitigation.**"):
        assert part in text, part
    row = f"| [{rule['alert']}]({rule['alert']}.md) | {rule['labels']['severity']} |"
    assert row in pages()["docs/runbooks/index.md"]


def test_there_is_no_runbook_without_an_alert():
    names = {page.split("/")[-1] for page in pages() if page.startswith("docs/runbooks/Pg")}
    assert names == {rule["alert"] + ".md" for rule in alerts()}


def test_the_pages_name_no_metric_that_is_not_exported():
    exposition = (REPOSITORY / "tests/golden/metrics.txt").read_text()
    for page, text in pages().items():
        for name in re.findall(r"\bpgconcord_[a-z_]*[a-z]\b(?!\*)", text):
            if name.startswith("pgconcord_build"):
                continue
            assert re.search(rf"^# TYPE {name} ", exposition, re.MULTILINE), f"{page}: {name}"
