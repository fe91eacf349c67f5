"""What the documents show works: configuration files pass `check`, the SQL of the readme is what is sent, scripts exist."""

import re
import subprocess

import pytest
from harness.proxy_process import REPOSITORY, binary
from harness.senders import literal

README = (REPOSITORY / "README.md").read_text()


def fenced(language, text=README):
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def check(path):
    return subprocess.run([binary(), "check", "--config", path], capture_output=True, text=True)


def test_the_configuration_in_the_readme_passes_check(tmp_path):
    (config,) = fenced("yaml")
    path = tmp_path / "pgconcord.yaml"
    path.write_text(config)
    result = check(path)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(
    "path", sorted((REPOSITORY / "examples").rglob("pgconcord*.yaml")), ids=lambda path: path.parent.name
)
def test_configurations_of_the_examples_pass_check(path):
    result = check(path)
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_sql_in_the_readme_is_what_the_server_gets(proxy, direct, database, postgres):
    direct.execute("CREATE TABLE users (id serial PRIMARY KEY, email text UNIQUE, name text)")
    original, rewritten = (line for line in fenced("sql")[0].splitlines() if line.startswith("INSERT"))
    process = proxy("- {name: p, table: public.users, constraint: users_email_key, action: return_existing}\n")
    with process.connect(database) as connection:
        assert literal(connection, original) == literal(connection, original) == ([(1,)], 1)
    assert rewritten in postgres.log_of(database)


def test_every_script_a_document_names_exists_and_may_be_run():
    named = set()
    for document in ("README.md", "CONTRIBUTING.md", "tests/README.md", "examples/django-signup/README.md"):
        named |= set(re.findall(r"scripts/[a-z-]+", (REPOSITORY / document).read_text()))
    assert {"scripts/demo", "scripts/test"} <= named
    for name in named:
        assert (REPOSITORY / name).stat().st_mode & 0o111, name
