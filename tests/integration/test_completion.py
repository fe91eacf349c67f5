"""Do the shells offer the verbs and flags the program has, and does its manual name them?"""

import re
import shutil
import subprocess

import pytest
from harness.proxy_process import REPOSITORY, binary

MANUAL = REPOSITORY / "cmake/package/pgconcord.1"


def output(*arguments):
    return subprocess.run([binary(), *arguments], capture_output=True, text=True, check=True).stdout


def verbs_in(text):
    section = text.split("Subcommands:")[1].split("\n\n")[0] if "Subcommands:" in text else ""
    return re.findall(r"^  (\w+) ", section, re.MULTILINE)


def flags_in(text):
    return sorted(set(re.findall(r"^  (?:-\w,)?(--[\w-]+)", text, re.MULTILINE)))


def surface():
    """{words of a verb: its flags}, from --help."""
    found = {}
    for verb in verbs_in(output("--help")):
        help_text = output(verb, "--help")
        found[(verb,)] = flags_in(help_text)
        for inner in verbs_in(help_text):
            found[(verb, inner)] = flags_in(output(verb, inner, "--help"))
    assert ("run",) in found and "--upstream" in found[("run",)] and ("config", "show") in found
    return found


def by_bash(*words):
    """What bash offers for the last of the words."""
    script = f'source <({binary()} completion bash); COMP_WORDS=(pgconcord "$@"); COMP_CWORD=$#; _pgconcord; printf "%s\\n" "${{COMPREPLY[@]}}"'
    result = subprocess.run(["bash", "-euc", script, "bash", *words], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return [line for line in result.stdout.splitlines() if line]


def by_fish(*words):
    line = " ".join(["pgconcord", *words])
    script = f"{binary()} completion fish | source; complete -C '{line}'"
    result = subprocess.run(["fish", "--no-config", "-c", script], capture_output=True, text=True)
    assert result.returncode == 0 and not result.stderr, result.stderr
    return [each.split("\t")[0] for each in result.stdout.splitlines()]


@pytest.mark.parametrize("words", sorted(surface()), ids=" ".join)
def test_bash_offers_what_help_lists(words):
    assert sorted(by_bash(*words, "--")) == surface()[words]


def test_bash_offers_verbs_and_values():
    assert sorted(by_bash("")) == sorted([*verbs_in(output("--help")), "--help", "--version"])
    assert by_bash("config", "s") == ["show", "schema"]
    assert by_bash("completion", "") == ["bash", "zsh", "fish", "--help"]
    assert by_bash("run", "--mode", "") == ["off", "observe", "enforce"]
    assert by_bash("run", "--mode", "en") == ["enforce"]
    assert by_bash("check", "--format", "") == ["human", "json"]
    assert by_bash("run", "--listen", "") == []


def test_bash_offers_files(tmp_path):
    (tmp_path / "a file.yaml").write_text("")
    assert by_bash("run", "--config", f"{tmp_path}/a") == [f"{tmp_path}/a file.yaml"]


def test_fish_offers_verbs_flags_and_values():
    assert shutil.which("fish"), "scripts/install-dependencies installs fish"
    assert set(verbs_in(output("--help"))) <= set(by_fish(""))
    for words, flags in surface().items():
        assert set(flags) <= set(by_fish(*words, "--")), words
    assert set(by_fish("run", "--mode", "")) == {"off", "observe", "enforce"}
    assert set(by_fish("config", "")) == {"show", "schema"}


def test_zsh_loads_the_script_which_names_everything():
    assert shutil.which("zsh"), "scripts/install-dependencies installs zsh"
    script = f"autoload -U compinit; compinit -u -D; source <({binary()} completion zsh); print $_comps[pgconcord]"
    result = subprocess.run(["zsh", "-fc", script], capture_output=True, text=True)
    assert (result.stdout, result.stderr) == ("_pgconcord\n", "")
    text = output("completion", "zsh")
    for words, flags in surface().items():
        assert re.search(rf"^ *{words[-1]}\)$", text, re.MULTILINE), words
        assert all(re.search(rf"'{flag}[=\[]", text) for flag in flags), words
    assert ": :(off observe enforce)" in text and "'1: :(bash zsh fish)'" in text


def test_an_unknown_shell_is_refused():
    result = subprocess.run([binary(), "completion", "tcsh"], capture_output=True, text=True)
    assert result.returncode == 2 and "bash" in result.stderr


def test_the_manual_names_every_verb_and_flag():
    text = MANUAL.read_text().replace("\\-", "-")
    for words, flags in surface().items():
        assert re.search(rf"^\.BI? {' '.join(words)}\b", text, re.MULTILINE) or words == ("config",), words
        for flag in flags:
            assert re.search(rf"{flag}\b", text), (words, flag)


def test_the_manual_names_nothing_that_is_not_there():
    known = {flag for flags in surface().values() for flag in flags} | {"--version"}
    text = MANUAL.read_text().replace("\\-", "-")
    assert set(re.findall(r"--[a-z][\w-]+", text)) <= known


@pytest.mark.skipif(not shutil.which("man"), reason="man is not installed")
def test_the_manual_is_well_formed():
    result = subprocess.run(
        ["man", "--warnings", "-l", str(MANUAL)],
        capture_output=True,
        text=True,
        env={"MANWIDTH": "100", "PATH": "/usr/bin:/bin"},
    )
    assert result.returncode == 0 and result.stderr == "" and "PGCONCORD(1)" in result.stdout
