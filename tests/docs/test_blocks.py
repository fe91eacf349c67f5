"""Is every block of the documents of a kind that a test is about, and is it right?"""

import json
import re
import subprocess

import jsonschema
import pytest
import yaml
from documents import KINDS, REPOSITORY, blocks

by_place = {"ids": str}
CONFIGURATIONS = [block for block in blocks("yaml") if block.kind == ("yaml", "")]
VALUES = [block for block in blocks("yaml") if block.title == "values.yaml"]
UNBUILT = [block for block in blocks("yaml") if block.title == "not in this release"]


CONTENTS = {"token.txt": b"0123456789abcdef0123456789abcdef\n"}


def configuration(text):
    """A block of YAML as a whole file: policies alone and single keys are completed."""
    if text.lstrip().startswith("- "):
        text = "policies:\n" + re.sub(r"^", "  ", text, flags=re.MULTILINE)
    return text if re.search(r"^version:", text, re.MULTILINE) else "version: 1\n" + text


def place_files(folder, text):
    """What a configuration names is there: a certificate of its own, verifiers, included policies."""
    names = set(re.findall(r"\b[\w-]+\.(?:crt|key|txt)\b", text))
    if any(name.endswith((".crt", ".key")) for name in names):
        command = [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-days",
            "1",
        ]
        command += ["-subj", "/CN=documents", "-keyout", folder / "any.key", "-out", folder / "any.crt"]
        subprocess.run(command, check=True, capture_output=True)
    for name in names:
        source = folder / f"any.{name[-3:]}"
        (folder / name).write_bytes(source.read_bytes() if source.exists() else CONTENTS.get(name, b""))
        (folder / name).chmod(0o600)
    (folder / "policies").mkdir()
    (folder / "policies/shop.yaml").write_text(
        "policies:\n  - {name: included, table: public.t, constraint: t_pkey, action: do_nothing}\n"
    )
    path = folder / "pgconcord.yaml"
    path.write_text(text.replace("/etc/pgconcord/", f"{folder}/"))
    return path


@pytest.mark.parametrize("block", blocks(), **by_place)
def test_each_block_is_of_a_known_kind(block):
    assert block.kind in KINDS


@pytest.mark.parametrize("block", CONFIGURATIONS, **by_place)
def test_configurations_pass_check(block, pgconcord, tmp_path):
    result = pgconcord("check", "--strict", "--config", place_files(tmp_path, configuration(block.text)))
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("block", UNBUILT, **by_place)
def test_settings_called_unbuilt_are_refused_as_such(block, pgconcord, tmp_path):
    result = pgconcord("check", "--config", place_files(tmp_path, configuration(block.text)))
    assert result.returncode == 1 and "not implemented in this release" in result.stdout + result.stderr


@pytest.mark.parametrize("block", VALUES, **by_place)
def test_values_fit_the_schema_of_the_chart(block):
    schema = json.loads((REPOSITORY / "helm/pgconcord/values.schema.json").read_text())
    jsonschema.validate(yaml.safe_load(block.text), schema)


@pytest.mark.parametrize("block", blocks("diff"), **by_place)
def test_what_changes_is_a_host_name_and_a_port(block):
    removed, added = (re.findall(rf"^\{sign}(.*)$", block.text, re.MULTILINE) for sign in "-+")
    assert removed and len(removed) == len(added)
    assert "5432" in "".join(removed) and "6432" in "".join(added)
    for old, new in zip(removed, added, strict=True):
        for host, port in (("db.example.org", "5432"),):
            old = old.replace(host, "pgconcord.example.org").replace(port, "6432")
        assert re.sub(r"\?(application_name|ApplicationName)=shop", "", new) == old


@pytest.mark.parametrize("block", blocks("promql"), **by_place)
def test_questions_to_prometheus_are_valid_and_about_known_metrics(block, tmp_path):
    rules = tmp_path / "rules.yaml"
    rules.write_text(yaml.safe_dump({"groups": [{"name": "g", "rules": [{"record": "a:b:c", "expr": block.text}]}]}))
    result = subprocess.run(["promtool", "check", "rules", rules], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    exposition = (REPOSITORY / "tests/golden/metrics.txt").read_text()
    for name in re.findall(r"pgconcord_\w+", block.text):
        assert f"# TYPE {name} " in exposition, name


@pytest.mark.parametrize("block", blocks("python"), **by_place)
def test_python_compiles(block):
    compile(block.text, str(block), "exec")


def help_of(pgconcord, words):
    result = pgconcord(*words, "--help")
    assert result.returncode == 0
    return result.stdout


def commands(text):
    """(verb, [second word], flags) of every call of pgconcord in a text."""
    text = text.replace("\\\n", " ")
    for call in re.findall(r"(?<![\w/.-])pgconcord ((?:[a-z]+)(?: [^|;&`)\n]*)?)", text):
        call = re.sub(r"\"[^\"]*\"|'[^']*'", "X", call)
        yield call.split()[:2], re.findall(r"(?<= )--[a-z-]+", call)


@pytest.mark.parametrize("block", blocks("sh"), **by_place)
def test_commands_have_the_verbs_and_flags_that_are_shown(block, pgconcord):
    check_commands(block.text, pgconcord)


@pytest.mark.parametrize("page", sorted({block.page for block in blocks()} | {"docs/index.md"}))
def test_commands_in_running_text_exist(page, pgconcord):
    text = (REPOSITORY / page).read_text()
    for inline in re.findall(r"`(pgconcord [a-z][^`]*)`", text.replace("\n", " ")):
        check_commands(inline, pgconcord)


def check_commands(text, pgconcord):
    verbs = set(re.findall(r"^  ([a-z]+)  ", help_of(pgconcord, []), re.MULTILINE))
    for words, flags in commands(text):
        assert words[0] in verbs, words
        inner = [words[0]] if words[0] != "config" else words
        known = help_of(pgconcord, inner)
        for flag in flags:
            assert re.search(rf"^  .*{flag}\b", known, re.MULTILINE), f"{' '.join(inner)} has no {flag}"


def test_the_check_of_commands_finds_mistakes(pgconcord):
    for wrong in ("pgconcord chekc", "pgconcord run --lisen 1", "pgconcord config shwo --format json"):
        with pytest.raises(AssertionError):
            check_commands(wrong, pgconcord)


def test_files_that_are_named_exist():
    for page in sorted({block.page for block in blocks()}):
        text = (REPOSITORY / page).read_text()
        for path in re.findall(r"`((?:examples|scripts|helm|docs|tests|bench)/[\w./-]+)`", text):
            assert (REPOSITORY / path).exists(), f"{page}: {path}"


def test_links_of_the_readme_hold():
    text = (REPOSITORY / "README.md").read_text()
    links = [target for target in re.findall(r"\]\(([^)#]+)[^)]*\)", text) if "://" not in target]
    assert len(links) > 10 and [target for target in links if not (REPOSITORY / target).exists()] == []
