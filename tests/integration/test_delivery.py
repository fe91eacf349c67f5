"""Under a policy, too, it makes no difference how the bytes of a client arrive: at once, in pieces, around a look-up."""

import random

import pytest
from harness import messages
from harness.masking import masked
from harness.wire_client import WireClient

TABLE = "CREATE TABLE users (id serial PRIMARY KEY, email text CONSTRAINT users_email_key UNIQUE, name text)"
INSERT = "INSERT INTO public.users (email, name) VALUES ($1, $2)"
LARGE = "x" * 1_200_000  # longer than a Bind that is kept for a replay


def policy(apply):
    return f"- {{name: p, table: public.users, constraint: users_email_key, action: do_nothing, apply: {apply}}}\n"


def put(email, name="n", statement="put"):
    return messages.bind([email, name], name=statement) + messages.execute()


# Parts that end with one ReadyForQuery each. Qualified names: what a bare name means after a ROLLBACK must be asked, and
# nothing can be asked while statements are under way. `a` conflicts with itself from the second time on.
PARTS = [
    messages.parse(INSERT, "put") + put("a") + messages.SYNC,
    put("a") + put("b") + put("a") + messages.SYNC,
    messages.query("INSERT INTO public.users (email) VALUES ('a'), ('c')"),
    messages.query("BEGIN"),
    put("a") + messages.SYNC,
    messages.query("INSERT INTO public.users (email, name) VALUES ('a', $$INSERT INTO users$$) RETURNING id"),
    messages.query("ROLLBACK"),
    put("d", LARGE) + messages.SYNC,
    put("d", LARGE) + messages.SYNC,
    messages.one_statement("INSERT INTO public.users (email) VALUES ('b')") + messages.SYNC,
    messages.query(
        "INSERT INTO public.users (email) VALUES ('e'); INSERT INTO public.users (email) VALUES ('a'); SELECT count(*) FROM users"
    ),
    messages.query("COPY users (email) FROM STDIN") + messages.copy_data(b"f\n") + messages.COPY_DONE,
    messages.query("SELECT email, length(name) FROM users ORDER BY email"),
]


def at_once(client, sent):
    client.send(sent)


def in_pieces(seed, largest):
    def deliver(client, sent):
        numbers, position = random.Random(seed), 0
        while position < len(sent):
            size = numbers.randint(1, largest)
            client.send(sent[position : position + size])
            position += size

    return deliver


DELIVERIES = {"at once": at_once, "small pieces": in_pieces(1, 2000), "large pieces": in_pieces(2, 300_000)}


def conversation(postgres, process, deliver, one_by_one=False):
    name = postgres.fresh_database("delivery")
    with postgres.connect(name) as direct:
        direct.execute(TABLE)
    with WireClient(("127.0.0.1", process.port), timeout=30) as client:
        client.log_in(database=name)
        if one_by_one:
            received = []
            for part in PARTS:
                client.send(part)
                received += client.read_until_ready()
            return masked(received)
        deliver(client, b"".join(PARTS))
        return masked(client.read_until_ready(len(PARTS)))


@pytest.mark.parametrize("delivery", DELIVERIES)
def test_up_front_gives_the_same_messages_however_they_arrive(delivery, proxy, postgres):
    # A proxy each: what one knows of the table does not hold for the table of the other conversation.
    expected = conversation(postgres, proxy(policy("up_front")), None, one_by_one=True)
    assert conversation(postgres, proxy(policy("up_front")), DELIVERIES[delivery]) == expected
    assert not [m for m in expected if m.kind == "E" and m.fields["C"] != "23505"]


@pytest.mark.parametrize("apply", ["auto", "on_violation", "up_front"])
@pytest.mark.parametrize("table", ["users", "public.users"])
@pytest.mark.parametrize("start", ["", "BEGIN"])
@pytest.mark.parametrize("size", [10, 60_000, 300_000, 1_000_000, 1_100_000, 4_000_000])
def test_the_first_statement_of_a_session_may_have_any_size(
    size, start, table, apply, proxy, postgres, direct, database
):
    """A look-up holds the statement back while most of it has not even arrived."""
    direct.execute(TABLE)
    with WireClient(("127.0.0.1", proxy(policy(apply)).port), timeout=30) as client:
        client.log_in(database=database)
        if start:
            client.query(start)
        sql = f"INSERT INTO {table} (email, name) VALUES ($1, $2)"
        client.send(messages.one_statement(sql, ["a", "y" * size]), messages.SYNC)
        assert [m.kind for m in client.read_until_ready()] == ["1", "2", "n", "C", "Z"]
        client.send(messages.query(f"INSERT INTO {table} (email, name) VALUES ('b', '{'z' * size}')"))
        assert [m.kind for m in client.read_until_ready()] == ["C", "Z"]
        if start:
            client.query("COMMIT")
    expected = [("a", size), ("b", size)]
    assert direct.execute("SELECT email, length(name) FROM users ORDER BY email").fetchall() == expected
