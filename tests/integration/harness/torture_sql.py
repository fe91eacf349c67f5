"""What a tortured session says: texts of every kind of statement on the tables below, most of them right, many of them
wrong. `p` is the table a policy may name. Nothing here depends on time, statistics or the order of rows."""

TABLES = """
CREATE TABLE p (id int PRIMARY KEY, v text, n int DEFAULT 0 CHECK (n >= 0)) WITH (autovacuum_enabled = off);
CREATE TABLE q (id serial PRIMARY KEY, p_id int REFERENCES p DEFERRABLE INITIALLY DEFERRED, u int UNIQUE)
  WITH (autovacuum_enabled = off);
CREATE TABLE elsewhere (id int PRIMARY KEY);
CREATE FUNCTION tell(int) RETURNS int LANGUAGE plpgsql AS 'BEGIN RAISE NOTICE ''told %'', $1; RETURN $1; END';
CREATE FUNCTION forge() RETURNS int LANGUAGE plpgsql AS
  'BEGIN RAISE unique_violation USING CONSTRAINT = ''p_pkey'', TABLE = ''p'', SCHEMA = ''public''; END';
"""
# The sequence and the order of rows start anew, so that every run numbers and stumbles alike.
RESET = """
TRUNCATE p, q RESTART IDENTITY; INSERT INTO p VALUES (1, 'one'), (2, 'two'), (3, 'three')
"""
CONTENTS = "SELECT (SELECT json_agg(p ORDER BY id) FROM p), (SELECT json_agg(q ORDER BY id) FROM q)"

STATEMENTS = ("", "s1", "s2", "L" * 63 + "a", "L" * 63 + "b")
PORTALS = ("", "c1", "c2", "L" * 63 + "x", "L" * 63 + "y")


def insert(random):
    key = random.choice((1, 2, 3, 3, 4, 5, 6, 7, 8, random.randint(10, 10_000)))
    columns = random.choice(("", " (id, v)", " (id)", " (id, v, n)", ' ("id", "v", "n")'))
    width = columns.count(",") + 1 if columns else 3
    rows = [
        ", ".join(
            (str(key + offset), random.choice(("'v'", "NULL", "'a''b'", "E'\\n'")), random.choice("0019"))[:width]
        )
        for offset in range(random.choice((1, 1, 1, 2, 5)))
    ]
    if width == 3 and random.random() < 0.1:
        rows[-1] = f"{key}, 'v', -1"
    table = random.choice(("p", "p", "p", "public.p", "P", '"p"', "p AS x"))
    returning = random.choice(("", "", "", " RETURNING id", " RETURNING *", " ON CONFLICT DO NOTHING"))
    values = ", ".join(f"({row})" for row in rows)
    return f"INSERT INTO {table}{columns} VALUES {values}{returning}"


def savepoint(random):
    return random.choice(("SAVEPOINT a", "SAVEPOINT a", "ROLLBACK TO a", "RELEASE a"))


def transaction(random):
    return random.choice(
        ("BEGIN", "BEGIN", "COMMIT", "ROLLBACK", "START TRANSACTION READ ONLY", "COMMIT AND CHAIN", "ROLLBACK AND CHAIN",
         "BEGIN ISOLATION LEVEL SERIALIZABLE", "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    )  # fmt: skip


def wrong(random):
    return random.choice(
        ("SELEC 1", "SELECT * FROM nosuch", "SELECT 1/0", "SELECT 5/(3 - g) FROM generate_series(1, 5) g", "SELECT 'x'::int",
         "INSERT INTO p (nosuch) VALUES (1)", "INSERT INTO nosuch VALUES (1)", "SELECT forge()", "SELECT nosuch(1)",
         "INSERT INTO p SELECT id, v, n FROM p ORDER BY id", "UPDATE p SET id = 1 WHERE id IN (1, 2)", "SELECT 'open",
         "INSERT INTO p VALUES (1, 'v', 0), (1, 'v'", "VACUUM p")
    )  # fmt: skip


def read(random):
    return random.choice(
        ("SELECT 1", "SELECT * FROM p ORDER BY id", "SELECT generate_series(1, 7)", "VALUES (1), (2)", "SHOW geqo",
         "SELECT count(*) FROM q", "TABLE p ORDER BY id", "SELECT repeat('x', 9000) FROM generate_series(1, 5)",
         "SELECT tell(7)", "EXPLAIN (COSTS OFF) INSERT INTO p VALUES (1, 'v')", "SELECT")
    )  # fmt: skip


def write(random):
    return random.choice(
        ("UPDATE p SET n = n + 1", "DELETE FROM p WHERE id = 3", "UPDATE p SET n = -1 WHERE id = 2",
         "INSERT INTO q (p_id) VALUES (1) RETURNING id", "INSERT INTO q (p_id) VALUES (99)",
         "INSERT INTO q (p_id, u) VALUES (1, 1)", "SET CONSTRAINTS ALL IMMEDIATE", "DELETE FROM p WHERE id = 1",
         "WITH w AS (INSERT INTO p VALUES (2, 'w') RETURNING id) SELECT * FROM w",
         "MERGE INTO p USING (VALUES (3)) AS m (id) ON p.id = m.id WHEN MATCHED THEN UPDATE SET v = 'merged'",
         "DO $$ BEGIN INSERT INTO p VALUES (1, 'do'); EXCEPTION WHEN unique_violation THEN RAISE NOTICE 'caught'; END $$",
         "DO 'BEGIN INSERT INTO p VALUES (2); END'")
    )  # fmt: skip


def session(random):
    return random.choice(
        ("SET application_name = 'tortured'", "RESET application_name", "SET search_path = nowhere, public",
         "SET standard_conforming_strings = off", "RESET ALL", "SET client_encoding = LATIN1",
         "SET client_encoding = SJIS", "RESET client_encoding", "LISTEN c", "NOTIFY c, 'said'", "UNLISTEN *",
         "SELECT pg_notify('c', 'called')", "SET LOCAL statement_timeout = 0", "SET ROLE app", "RESET ROLE",
         "CREATE TEMP TABLE p (id int PRIMARY KEY, v text, n int)", "SELECT set_config('geqo', 'off', false)",
         "SET nosuch = 1", "DISCARD ALL", "DISCARD TEMP")
    )  # fmt: skip


def prepared(random):
    name = random.choice(("s1", "s2", '"' + "L" * 63 + '"'))
    return random.choice(
        (f"PREPARE {name} AS INSERT INTO p VALUES (1, 'prepared')", f"PREPARE {name} AS SELECT 'prepared'",
         f"EXECUTE {name}", f"DEALLOCATE {name}", "DEALLOCATE ALL", f"PREPARE {name} AS SELECT $1::int")
    )  # fmt: skip


def cursor(random):
    name = random.choice(("c1", "c2"))
    return random.choice(
        (f"DECLARE {name} CURSOR FOR SELECT id FROM p ORDER BY id", f"FETCH 2 FROM {name}", f"CLOSE {name}",
         f"DECLARE {name} CURSOR WITH HOLD FOR SELECT generate_series(1, 9)", f"MOVE 1 IN {name}", "CLOSE ALL",
         f"UPDATE p SET n = 5 WHERE CURRENT OF {name}")
    )  # fmt: skip


def empty(random):
    return random.choice(("", ";", " -- nothing", ";;", "/* a */ ;"))


COPIES_IN = (
    "COPY p FROM STDIN",
    "COPY p (id, v) FROM STDIN WITH (FORMAT csv)",
    "copy p from stdin",
    "/* c */ COPY p FROM STDIN",
)
COPIES_OTHER = ("COPY p TO STDOUT", "COPY (SELECT generate_series(1, 3)) TO STDOUT", "COPY nosuch FROM STDIN",
                "COPY p (nosuch) FROM STDIN", "COPY p FROM '/nosuch/file'")  # fmt: skip

KINDS = {
    insert: 10,
    read: 6,
    wrong: 3,
    write: 4,
    transaction: 4,
    savepoint: 2,
    session: 2,
    prepared: 1,
    cursor: 2,
    empty: 1,
}


def statement(random):
    (kind,) = random.choices(list(KINDS), KINDS.values())
    return kind(random)


def several(random):
    texts = [statement(random) for _ in range(random.randint(2, 4))]
    return random.choice(("; ", ";", ";\n-- between\n")).join(texts) + random.choice(("", ";"))


# Texts with parameters, and how many of them.
PARAMETERISED = (
    ("INSERT INTO p VALUES ($1, $2)", 2), ("INSERT INTO p (id, v) VALUES ($1, $2) RETURNING id, v", 2),
    ("INSERT INTO p (id) VALUES ($1), ($2)", 2), ("SELECT $1::int + $2::int", 2), ("SELECT * FROM p WHERE id = $1", 1),
    ("UPDATE p SET v = $2 WHERE id = $1", 2), ("SELECT 1/$1::int", 1),
)  # fmt: skip
