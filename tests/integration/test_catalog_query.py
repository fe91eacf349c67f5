"""The catalog query on a real server: facts, safety, and that the server accepts every clause decided on those facts.

The facts are golden files (tests/golden/decide/catalog.ROLE.json), which the golden tests of decide() read: what is
decided there is decided on a real server's answers. PGCONCORD_UPDATE_GOLDEN=1 writes them anew.
"""

import json
import os
import pathlib
import re
import subprocess

import psycopg
import pytest
from harness.proxy_process import REPOSITORY

GOLDEN = REPOSITORY / "tests/golden/decide"
ROLES = {"owner": "postgres", "insert_only": "insert_only", "editor": "editor"}


def probe(*arguments, stdin=""):
    program = pathlib.Path(os.environ.get("PGCONCORD_BIN", REPOSITORY / "build/dev/pgconcord")).parent
    path = os.environ.get("PGCONCORD_CATALOG_PROBE", str(program / "bin/catalog_probe"))
    done = subprocess.run([path, *arguments], input=stdin, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def query():
    return probe("--query").replace("%", "%%").replace("$1", "%s")


def read(connection, query, *names):
    (answer,) = connection.execute(query, [probe("--names", *names)]).fetchone()
    probe(stdin=answer)  # the decoder takes it
    return json.loads(answer)


def table_of(catalog, name, schema="public"):
    (table,) = [each for each in catalog["tables"] if (each["schema"], each["name"]) == (schema, name)]
    return table


def fields(rows, *names):
    return [tuple(row[name] for name in names) for row in rows]


@pytest.fixture(scope="module")
def zoo(postgres):
    """A database with the tables of the golden cases; the name of the database."""
    with postgres.connect() as connection:
        connection.execute("DO $$ BEGIN CREATE ROLE editor LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
    name = postgres.fresh_database("zoo")
    with postgres.connect(name) as connection:
        connection.execute("DROP FOREIGN DATA WRAPPER IF EXISTS nowhere CASCADE")
        connection.execute((GOLDEN / "tables.sql").read_text())
    return name


def normalised(catalog, role):
    """OIDs by order of names, the version as one: what differs from cluster to cluster is no fact of the tables."""
    catalog["role"] = role
    catalog["server_version_num"] = 150000
    tables = sorted(catalog["tables"], key=lambda table: (table["schema"], table["name"]))
    catalog["tables"] = tables
    numbers = {0: 0}
    for table in tables:
        numbers[table["oid"]] = 1000 + len(numbers)
        table["indexes"].sort(key=lambda index: index["name"])
        for index in table["indexes"]:
            numbers[index["oid"]] = 1000 + len(numbers)
    for table in tables:
        table["oid"], table["root"] = numbers[table["oid"]], numbers[table["root"]]
        for column in table["columns"]:
            if column.get("type_oid", 0) >= 16384:
                column["type_oid"] = 16384  # a type of the database's own
        for index in table["indexes"]:
            index["oid"], index["parent"] = numbers[index["oid"]], numbers[index["parent"]]
    return catalog


def as_text(catalog):
    """JSON with one column or index per line, so that a changed fact is a one-line diff."""
    text = (
        f'{{"role": {json.dumps(catalog["role"])}, "server_version_num": {catalog["server_version_num"]}, '
        f'"may_create_temporary_tables": {json.dumps(catalog["may_create_temporary_tables"])}, "tables": ['
    )
    for number, table in enumerate(catalog["tables"]):
        facts = {key: value for key, value in table.items() if key not in ("columns", "indexes")}
        text += ("," if number else "") + "\n" + json.dumps(facts)[:-1]
        for key in ("columns", "indexes"):
            text += f',\n  "{key}": [' + ",".join("\n    " + json.dumps(row) for row in table[key]) + "]"
        text += "}"
    return text + "\n]}\n"


@pytest.mark.parametrize("role", ROLES)
def test_the_facts_of_every_kind_of_table_are_those_of_the_golden_file(postgres, zoo, query, role):
    names = [
        name.replace('"', "")
        for name in re.findall(
            r'^CREATE (?:MATERIALIZED |FOREIGN )?(?:TABLE|VIEW) (?:\w+\.)?(\w+|"[^"]+")',
            (GOLDEN / "tables.sql").read_text(),
            re.MULTILINE,
        )
    ]
    names = [name for name in names if name not in ("events_2", "logs_1")]  # found below their parents
    with postgres.connect(zoo, user=ROLES[role]) as connection:
        actual = as_text(normalised(read(connection, query, *names), role))
    path = GOLDEN / f"catalog.{role}.json"
    if os.environ.get("PGCONCORD_UPDATE_GOLDEN") == "1":
        path.write_text(actual)
    assert actual == path.read_text()


def end_of_source(sql):
    """Where the clause goes: before the statement's own RETURNING (not that of a CTE), else before what ends the text."""
    for found in reversed(list(re.finditer(" RETURNING ", sql))):
        if sql.count("(", 0, found.start()) == sql.count(")", 0, found.start()):
            return found.start()
    return len(re.sub(r"(\s|;|--[^\n]*|/\*[^*]*\*/)*$", "", sql))


def golden_clauses():
    """(name of the case, role, statement with the clause, the constraint that arbitrates) of every case with a clause."""
    cases = []
    for path in sorted(GOLDEN.glob("*.test")):
        for block in path.read_text().split("\n=== ")[1:]:
            name, body = block.split("\n", 1)
            given, expected = body.split("\n----\n")
            if not re.match("ON CONFLICT|.*ON CONFLICT|CREATE TEMPORARY", expected) or "no catalog" in given:
                continue
            clause, by = expected.rstrip("\n").rsplit("\n", 1)
            role = re.search(r"^role: (\w+)", given, re.MULTILINE)
            lines = [line for line in given.split("\n") if not re.match(r"(policy|role|violation|situation): ", line)]
            sql = "\n".join(lines)
            end = end_of_source(sql)
            statement = f"{sql[:end]} {clause}{sql[end:]}" if clause.startswith("ON CONFLICT") else clause
            cases.append(
                pytest.param(role[1] if role else "owner", statement, by.split(" of ")[0], id=f"{path.stem}: {name}")
            )
    assert cases
    return cases


@pytest.mark.parametrize("role, statement, constraint", golden_clauses())
def test_the_server_arbitrates_every_golden_clause_by_its_constraint(postgres, zoo, role, statement, constraint):
    count = len(set(re.findall(r"\$\d", statement)))
    with postgres.connect(zoo, user=ROLES[role]) as connection, connection.transaction(force_rollback=True):
        if "CREATE TEMPORARY TABLE" in statement:
            *before, _copy, merge, _drop = re.sub(r"^.*?(?=CREATE TEMP)", "", statement, flags=re.DOTALL).split(";\n")
            for each in before:
                connection.execute(each)
            plan = connection.execute("EXPLAIN (COSTS OFF) " + merge).fetchall()
        elif count:
            connection.execute("PREPARE s AS " + statement)
            values = ", ".join(["NULL"] * count)
            plan = connection.execute(f"EXPLAIN (COSTS OFF) EXECUTE s({values})").fetchall()
        else:
            plan = connection.execute("EXPLAIN (COSTS OFF) " + statement).fetchall()
    text = "\n".join(line for (line,) in plan)
    arbiters = re.search(r"Conflict Arbiter Indexes: (.*)", text)
    assert arbiters, text
    assert constraint in arbiters[1].replace('"', "").split(", ")


def test_text_of_indexes_means_the_same_whatever_the_search_path_of_the_reader(direct, query):
    direct.execute("""
        CREATE SCHEMA app;
        CREATE TYPE app.state AS ENUM ('live', 'gone');
        CREATE FUNCTION app.plain(text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT lower($1)';
        CREATE TABLE app.things (name text, state app.state);
        CREATE UNIQUE INDEX things_key ON app.things (app.plain(name)) WHERE state = 'live'""")
    for path in ("app, public", "public", "app, pg_catalog", ""):
        direct.execute("SELECT set_config('search_path', %s, false)", [path])
        (index,) = table_of(read(direct, query, "things"), "things", "app")["indexes"]
        assert index["elements"] == "app.plain(name)"
        assert index["predicate"] == "(state = 'live'::app.state)"
        assert direct.execute("SELECT current_setting('search_path')").fetchone() == (path,)


def test_the_reader_s_search_path_is_as_before_inside_a_transaction_too(direct, query):
    direct.autocommit = False
    direct.execute("SET search_path = pg_temp, public")
    direct.execute("SET LOCAL search_path = public")
    read(direct, query, "nothing")
    assert direct.execute("SHOW search_path").fetchone() == ("public",)
    direct.commit()
    assert direct.execute("SHOW search_path").fetchone() == ("pg_temp, public",)


def test_operators_and_functions_that_shadow_the_server_s_are_never_called(direct, query):
    direct.execute("CREATE SCHEMA evil; CREATE TABLE users (id int PRIMARY KEY, name text DEFAULT 'x' || 'y')")
    direct.execute("CREATE UNIQUE INDEX ON users (lower(name)) WHERE id > 0")
    types = ["oid", "name", '"char"', "int2", "int4", "int8", "bool", "text"]
    for kind in types:
        direct.execute(
            f"CREATE FUNCTION evil.f({kind}, {kind}) RETURNS bool LANGUAGE plpgsql "
            "AS $$ BEGIN RAISE EXCEPTION 'evil was called'; END $$"
        )
        for operator in ("=", "<>", "<", ">", "<=", "~"):
            direct.execute(f"CREATE OPERATOR evil.{operator} (LEFTARG = {kind}, RIGHTARG = {kind}, FUNCTION = evil.f)")
    for call in ("format_type(oid, int4)", "current_setting(text)", "lower(text)"):
        direct.execute(
            f"CREATE FUNCTION evil.{call} RETURNS text LANGUAGE plpgsql "
            "AS $$ BEGIN RAISE EXCEPTION 'evil was called'; END $$"
        )
    direct.execute("SET search_path = evil, pg_catalog")
    with pytest.raises(psycopg.errors.RaiseException, match="evil was called"):
        direct.execute("SELECT 1::int4 = 1::int4")  # the trap works
    assert fields(table_of(read(direct, query, "users"), "users")["columns"], "name") == [("id",), ("name",)]


def test_every_schema_counts_but_those_of_the_system_and_of_other_sessions(postgres, direct, query, database):
    with postgres.connect(database) as other:
        other.execute("CREATE TEMP TABLE people (id int)")
        direct.execute("CREATE TEMP TABLE people (id int, own int)")
        direct.execute("CREATE SCHEMA a; CREATE TABLE a.people (id int); CREATE TABLE people (id int)")
        tables = read(direct, query, "people", "tables", "no such table")["tables"]
    (own,) = direct.execute("SELECT nspname FROM pg_namespace WHERE oid = pg_my_temp_schema()").fetchone()
    assert sorted(fields(tables, "schema", "name")) == [("a", "people"), (own, "people"), ("public", "people")]


def test_names_are_taken_as_they_are(direct, query):
    names = ['we"ird', "back\\slash", "NULL", "a,b", "{c}", "x" * 63]
    for name in names:
        quoted = name.replace('"', '""')
        direct.execute(f'CREATE TABLE "{quoted}" (id int)')
    assert sorted(fields(read(direct, query, *names)["tables"], "name")) == sorted((name,) for name in names)


def test_a_role_without_any_privilege_may_ask_and_is_told_so(postgres, direct, query, database):
    direct.execute("CREATE SCHEMA closed; CREATE TABLE closed.users (id int PRIMARY KEY, name text)")
    with postgres.connect(database, user="insert_only") as connection:
        catalog = read(connection, query, "users")
    table = table_of(catalog, "users", "closed")
    assert catalog["role"] == "insert_only"
    assert fields([table], "may_select", "may_insert", "may_update") == [(False, False, False)]
    assert fields(table["columns"], "may_select", "may_insert", "may_update") == [(False, False, False)] * 2
    assert fields(table["indexes"], "name") == [("users_pkey",)]


def test_row_security_applies_to_owners_only_when_forced_and_never_to_superusers(postgres, direct, query, database):
    direct.execute("CREATE TABLE free (id int); CREATE TABLE forced (id int)")
    direct.execute("ALTER TABLE free ENABLE ROW LEVEL SECURITY; ALTER TABLE free OWNER TO app")
    direct.execute("ALTER TABLE forced ENABLE ROW LEVEL SECURITY; ALTER TABLE forced FORCE ROW LEVEL SECURITY")
    direct.execute("ALTER TABLE forced OWNER TO app")
    found = {}
    for role in ("app", "insert_only", "postgres"):
        with postgres.connect(database, user=role) as connection:
            catalog = read(connection, query, "free", "forced")
        found[role] = [table_of(catalog, name)["row_security_applies"] for name in ("free", "forced")]
    assert found == {"app": [False, True], "insert_only": [True, True], "postgres": [False, False]}


def test_nulls_not_distinct_is_told_where_the_server_has_it(direct, query):
    if direct.info.server_version < 150000:
        pytest.skip("PostgreSQL 15 or later")
    direct.execute("CREATE TABLE nulls (a int UNIQUE NULLS NOT DISTINCT, b int UNIQUE)")
    indexes = table_of(read(direct, query, "nulls"), "nulls")["indexes"]
    assert fields(indexes, "name", "nulls_not_distinct") == [("nulls_a_key", True), ("nulls_b_key", False)]


def test_partitions_come_with_their_root_and_the_indexes_above_theirs(direct, query):
    direct.execute("""
        CREATE TABLE m (id int, a int, b int, PRIMARY KEY (id, a, b)) PARTITION BY RANGE (a);
        CREATE TABLE m_1 PARTITION OF m FOR VALUES FROM (0) TO (9) PARTITION BY LIST (b);
        CREATE TABLE m_1_1 PARTITION OF m_1 FOR VALUES IN (1)""")
    catalog = read(direct, query, "m")
    root, middle, leaf = (table_of(catalog, name) for name in ("m", "m_1", "m_1_1"))
    assert [middle["root"], leaf["root"]] == [root["oid"], root["oid"]]
    assert leaf["indexes"][0]["parent"] == middle["indexes"][0]["oid"]
    assert middle["indexes"][0]["parent"] == root["indexes"][0]["oid"]
    assert sorted(leaf["partition_key_columns"]) == ["a", "b"]
    assert leaf["columns"] == []  # only named through the root


def test_a_catalog_of_thousands_of_tables_is_read_in_little_time(direct, query):
    direct.execute("DO $$ BEGIN FOR i IN 1..2000 LOOP EXECUTE format("
                   "'CREATE TABLE t%s (id int PRIMARY KEY, a text UNIQUE)', i); END LOOP; END $$")  # fmt: skip
    read(direct, query, "t1", "t2", "t3")
    plan = direct.execute("EXPLAIN (ANALYZE, FORMAT JSON) " + query, [probe("--names", "t1", "t2", "t3")]).fetchone()[
        0
    ][0]
    assert plan["Execution Time"] < 500  # measured: 5 ms
    assert "JIT" not in plan
