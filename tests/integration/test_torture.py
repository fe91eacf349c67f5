"""Is the proxy told from the server by whatever a client may send? Random sequences of messages run directly and through
it; every byte of the answers and what the tables hold afterwards must be equal. A failure prints its seed and the shortest
sequence that still differs. More of them: pytest test_torture.py --torture 5000 [--torture-from 1000]"""

import pytest
from harness import torture, torture_sql

P_POLICY = "- {name: p-key, table: public.p, constraint: p_pkey, action: do_nothing}"
ELSEWHERE_POLICY = "- {name: elsewhere, table: public.elsewhere, constraint: elsewhere_pkey, action: do_nothing}"
MODES = {
    "off": {"mode": "off"},
    "observe": {"policies": P_POLICY, "mode": "observe"},
    "enforce-elsewhere": {"policies": ELSEWHERE_POLICY, "mode": "enforce"},
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
