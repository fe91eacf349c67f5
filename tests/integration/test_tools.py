"""PostgreSQL's own tools through a proxy with a policy: a dump is the same dump, pgbench runs in every mode."""

import subprocess

import pytest
from harness.postgres_server import PROGRAMS

POLICY = "- {name: p, table: public.hits, constraint: hits_pkey, action: do_update}\n"
SCHEMA = """
CREATE TABLE hits (id int PRIMARY KEY, client int DEFAULT 0);
CREATE TABLE things (id serial PRIMARY KEY, body text, at timestamptz DEFAULT '2024-01-01', tags text[]);
INSERT INTO things (body, tags) SELECT repeat('ä', g % 100), ARRAY[g::text, NULL] FROM generate_series(1, 5000) g;
CREATE VIEW few AS SELECT * FROM things WHERE id < 10;
CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';
"""


def run(tool, port, *arguments):
    command = [PROGRAMS / tool, "-h", "127.0.0.1", "-p", str(port), *arguments]
    return subprocess.run(command, capture_output=True, text=True)


def test_a_dump_is_the_same_and_can_be_restored(proxy, postgres, direct, database):
    direct.execute(SCHEMA)

    def dump(port):
        result = run("pg_dump", port, "-U", "postgres", database)
        assert result.returncode == 0, result.stderr
        # A random token guards a dump against its own restore.
        return [line for line in result.stdout.splitlines() if not line.startswith(("\\restrict", "\\unrestrict"))]

    port = proxy(POLICY).port
    text = dump(port)
    assert text == dump(postgres.port)
    direct.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    command = [
        PROGRAMS / "psql",
        "-h",
        "127.0.0.1",
        "-p",
        str(port),
        "-U",
        "postgres",
        "-v",
        "ON_ERROR_STOP=1",
        "-q",
        database,
    ]
    restored = subprocess.run(command, input="\n".join(text), capture_output=True, text=True)
    assert restored.returncode == 0, restored.stderr
    assert direct.execute("SELECT count(*) FROM things").fetchone() == (5000,)


SCRIPTS = {
    "one by one": "INSERT INTO hits VALUES (:k, :client_id);\n",
    "in a block": "BEGIN;\nINSERT INTO hits VALUES (:k, :client_id);\nCOMMIT;\n",
    "in a pipeline": "\\startpipeline\nBEGIN;\nINSERT INTO hits VALUES (:k, :client_id);\nCOMMIT;\n\\endpipeline\n",
}


@pytest.mark.parametrize("mode", ["simple", "extended", "prepared"])
@pytest.mark.parametrize("script", SCRIPTS)
def test_pgbench_finds_no_duplicate(script, mode, proxy, direct, database, tmp_path):
    if script == "in a pipeline" and mode == "simple":
        pytest.skip("there are no pipelines in the simple protocol")
    direct.execute(SCHEMA)
    process = proxy(POLICY)
    path = tmp_path / "script.sql"
    # One key per transaction: blocks that held two would deadlock with or without a proxy.
    path.write_text("\\set k random(1, 20)\n" + SCRIPTS[script])
    result = run(
        "pgbench", process.port, "-U", "app", "-n", "-M", mode, "-f", str(path), "-c", "6", "-t", "50", database
    )
    assert result.returncode == 0, result.stderr
    assert "number of transactions actually processed: 300/300" in result.stdout
    assert direct.execute("SELECT count(*) FROM hits").fetchone()[0] <= 20
    assert process.metrics().total("constraint_violations_total") == 0
