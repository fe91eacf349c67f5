"""Random tables, policies and statements: the proxy's answer and the tables afterwards equal those of a hand-written
upsert on a direct connection: tag, rows, their types, SQLSTATE.

PGCONCORD_PROPERTY_CASES says how many statements (10000 for a long run), PGCONCORD_PROPERTY_SEED repeats a run: the seed
of each run is printed with the case that failed.
"""

import os
import random

import psycopg
import pytest
from harness.upsert_oracle import expected, outcome, run
from harness.upsert_worlds import VALUES, random_world, random_write, sql_literal
from psycopg import ClientCursor

CASES = int(os.environ.get("PGCONCORD_PROPERTY_CASES", "400"))
SEED = int(os.environ.get("PGCONCORD_PROPERTY_SEED", random.SystemRandom().randrange(2**32)))
WORLDS = 40

ROUTES = {
    "literal": lambda connection: (ClientCursor(connection), {}),
    "parameters": lambda connection: (connection.cursor(), {"prepare": False}),
    "prepared": lambda connection: (connection.cursor(), {"prepare": True}),
    "binary": lambda connection: (connection.cursor(binary=True), {}),
}
SETUP = """
CREATE SCHEMA proxied; CREATE SCHEMA direct;
CREATE FUNCTION public.stamp() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN NEW.name := NEW.name || '!'; RETURN NEW; END $$;
"""


def sender(connection, route):
    def send(text, values):
        cursor, options = ROUTES[route](connection)
        with cursor:
            cursor.execute(text, values, **options)
            return outcome(cursor)

    return send


def fill(direct, rng, world):
    """The same random rows in both copies."""
    names = [f"{schema}.{world.name}" for schema in ("proxied", "direct")]
    direct.execute(f"TRUNCATE {', '.join(names)} RESTART IDENTITY")
    for _ in range(rng.randint(0, 4)):
        row = {column: rng.choice(VALUES[column]) for column in world.columns}
        text = f"({', '.join(row)}) VALUES ({', '.join(sql_literal(value) for value in row.values())})"
        try:
            with direct.transaction():
                for name in names:
                    direct.execute(f"INSERT INTO {name} {text}".replace("%%", "%"))
        except psycopg.errors.UniqueViolation:
            pass


def contents(direct, schema, world):
    rows = direct.execute(f"SELECT t::text FROM {schema}.{world.name} t ORDER BY 1").fetchall()
    return [text for (text,) in rows]


def in_block(connection, action):
    """Runs it in a transaction block; an error rolls it back."""
    connection.execute("BEGIN")
    found = action()
    connection.execute("COMMIT" if found[0] == "ok" else "ROLLBACK")
    return found


def moment_of(world, block):
    apply = world.policy["apply"]
    return "up_front" if block or apply == "up_front" else "on_violation"


@pytest.mark.timeout(60 + CASES // 5)
def test_every_write_does_what_a_hand_written_upsert_does(proxy, postgres, database, direct):
    rng = random.Random(SEED)
    worlds = [random_world(rng, number) for number in range(WORLDS)]
    direct.execute(SETUP)
    for world in worlds:
        for schema in ("proxied", "direct"):
            direct.execute(world.ddl(schema))
    direct.execute("GRANT USAGE ON SCHEMA proxied, direct TO app; GRANT ALL ON ALL TABLES IN SCHEMA proxied, direct TO app;"
                   "GRANT ALL ON ALL SEQUENCES IN SCHEMA proxied, direct TO app")  # fmt: skip
    process = proxy("".join(world.policy_yaml() for world in worlds))
    with (
        process.connect(database, options="-c search_path=proxied,public") as through,
        postgres.connect(database, user="app", options="-c search_path=direct,public") as by_hand,
    ):
        for number in range(CASES):
            world = rng.choice(worlds)
            write = random_write(rng, world)
            route = rng.choice(list(ROUTES))
            write.literal = route == "literal"
            block = rng.random() < 0.3 and world.policy["apply"] != "on_violation"
            fill(direct, rng, world)
            before = contents(direct, "proxied", world)
            text = write.text("proxied", world)
            send, oracle = sender(through, route), sender(by_hand, route)
            act = lambda: run(send, world, write, text)  # noqa: B023, E731
            ask = lambda: expected(oracle, world, write, moment_of(world, block))  # noqa: B023, E731
            seen = in_block(through, act) if block else act()
            right = in_block(by_hand, ask) if block else ask()
            found = (seen[:4], contents(direct, "proxied", world))
            wanted = (right[:4], contents(direct, "direct", world))
            assert found == wanted, (
                f"seed {SEED}, case {number}, {route}, {'block' if block else 'autocommit'}\n{world}\nrows: {before}\n"
                f"{text}\nvalues: {write.values}"
            )
    metrics = process.metrics()
    assert metrics.total("rewrite_errors_total") == 0, f"seed {SEED}"
    assert metrics.total("rewrites_total", result="rewritten") > CASES / 10, f"seed {SEED}"
    assert metrics.total("left_alone_total") > CASES / 50, f"seed {SEED}"
