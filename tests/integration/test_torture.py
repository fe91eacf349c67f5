"""Is the proxy told from the server by whatever a client may send? Random sequences of messages run directly and through
it; every byte of the answers and what the tables hold afterwards must be equal. A failure prints its seed and the shortest
sequence that still differs. More of them: pytest test_torture.py --torture 5000 [--torture-from 1000]"""

import pytest
from harness import messages, reply_grammar, torture, torture_sql
from harness.wire_client import Message

P_POLICY = "- {name: p-key, table: public.p, constraint: p_pkey, action: do_nothing}"
ELSEWHERE_POLICY = "- {name: elsewhere, table: public.elsewhere, constraint: elsewhere_pkey, action: do_nothing}"
MODES = {
    "off": {"mode": "off"},
    "observe": {"policies": P_POLICY, "mode": "observe"},
    "enforce-elsewhere": {"policies": ELSEWHERE_POLICY, "mode": "enforce"},
}
# On the table that is tortured; each way to apply a policy.
ENFORCED = {
    f"{action}-{apply}": {
        "policies": f"- {{name: p-key, table: public.p, constraint: p_pkey, action: {action}, apply: {apply}}}",
        "mode": "enforce",
    }
    for action in ("do_nothing", "return_existing")
    for apply in ("auto", "on_violation", "up_front")
}


class Ground:
    """The server or one proxy, with a database of its own."""

    def __init__(self, postgres, port, name):
        self.port = port
        self.database = postgres.fresh_database(f"torture_{name}".replace("-", "_"))
        self.admin = postgres.connect(self.database)
        self.admin.execute(torture_sql.TABLES)

    def outcome(self, seed, sequence):
        self.admin.execute(torture_sql.RESET)
        try:
            received = torture.run(self.port, self.database, sequence.pieces(seed))
        except AssertionError as problem:
            received = [str(problem)]
        return received, self.admin.execute(torture_sql.CONTENTS).fetchone()


def sent_bytes(seed, sequence):
    return b"".join(data for data, _ in sequence.pieces(seed)) + torture.farewell()


def violations(received):
    """Of the policy's constraint, as the client saw them; those that RAISE made up are not told from real ones."""
    fields = [m.fields for m in received if m.kind == "E"]
    return sum(f.get("C") == "23505" and f.get("n") == "p_pkey" for f in fields)


def difference(direct, through):
    for number, (expected, actual) in enumerate(zip(direct[0], through[0], strict=False)):
        if actual != expected:
            return f"message {number}: {str(actual)[:400]}\ninstead of {str(expected)[:400]}"
    return f"{len(through[0])} messages instead of {len(direct[0])}, tables: {through[1]} instead of {direct[1]}"


def shortened(sequence, differs):
    """Leaves out what the difference does not need, half of it at a time."""
    size = len(sequence.items) // 2
    while size:
        at = 0
        while at < len(sequence.items):
            items = sequence.items
            sequence.items = items[:at] + items[at + size :]
            if not differs():
                sequence.items = items
                at += size
        size //= 2
    return sequence


@pytest.fixture(scope="module")
def enforced(postgres, module_proxy):
    made = {"direct": Ground(postgres, postgres.port, "truth")}
    for name, settings in ENFORCED.items():
        process = module_proxy(**settings)
        made[name] = Ground(postgres, process.port, name)
        made[name].process = process
    yield made
    for ground in made.values():
        ground.admin.close()


@pytest.fixture(scope="module")
def grounds(postgres, module_proxy):
    made = {"direct": Ground(postgres, postgres.port, "direct")}
    for name, settings in MODES.items():
        made[name] = Ground(postgres, module_proxy(**settings).port, name)
    yield made
    for ground in made.values():
        ground.admin.close()


def test_nobody_can_tell_the_proxy_from_the_server(torture_seed, grounds):
    sequence = torture.Sequence(torture_seed)
    direct = grounds["direct"].outcome(torture_seed, sequence)
    for name in MODES:
        through = grounds[name].outcome(torture_seed, sequence)
        if through == direct:
            continue

        def outcomes(name=name):
            return [grounds[ground].outcome(torture_seed, sequence) for ground in ("direct", name)]

        shortened(sequence, lambda: len({str(outcome) for outcome in outcomes()}) > 1)
        pytest.fail(f"seed {torture_seed}, {name}: {difference(*outcomes())}\n{sequence.text()}", pytrace=False)


@pytest.mark.parametrize("at", range(4))
def test_the_grammar_of_replies_refuses_what_is_missing_or_twice(at):
    sent = messages.parse("SELECT 1") + messages.bind() + messages.execute() + messages.SYNC
    replies = [Message("1", b""), Message("2", b""), Message("C", b"SELECT 1\0"), Message("Z", b"I")]
    reply_grammar.check(sent, replies)
    for wrong in (replies[:at] + replies[at + 1 :], replies[: at + 1] + replies[at:]):
        with pytest.raises(reply_grammar.NotInOrder):
            reply_grammar.check(sent, wrong)


def test_under_a_policy_every_answer_is_in_order(torture_seed, enforced):
    """What an INSERT becomes depends on how it was sent, but the answers are those of some run of the server: each in its
    place, every ReadyForQuery there with a status that fits, every violation that the client sees counted, the keys unique
    and the checks kept, and nothing in the tables that no statement could have put there."""
    sequence = torture.Sequence(torture_seed)
    sent = sent_bytes(torture_seed, sequence)
    for name, ground in enforced.items():
        process = getattr(ground, "process", None)
        before = process and process.metrics().total("constraint_violations_total", constraint="p_pkey")
        received, contents = ground.outcome(torture_seed, sequence)
        where = f"seed {torture_seed}, {name}\n{sequence.text()}"
        assert received and not isinstance(received[0], str), f"{received}\n{where}"
        try:
            reply_grammar.check(sent, received)
        except reply_grammar.NotInOrder as problem:
            pytest.fail(f"{problem} of {[m.kind for m in received]}\n{where}", pytrace=False)
        if process:
            counted = process.metrics().total("constraint_violations_total", constraint="p_pkey") - before
            assert counted == violations(received), where
        assert {row["id"] for row in contents[0] or ()} >= {1, 2, 3} - deleted(sequence), where


def deleted(sequence):
    """Keys of the first rows that some statement may take away."""
    text = sequence.text()
    return {key for key, sql in ((1, "WHERE id = 1"), (3, "DELETE FROM p WHERE id = 3"), (1, "SET id = 1"), (2, "SET id = 1"))
            if sql in text}  # fmt: skip
