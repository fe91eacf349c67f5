"""PostgreSQL's isolation suite through the proxy: several sessions whose steps interleave, blocked sessions found by
their backend PID, cancels. --rounds direct,off takes some of the rounds."""

import sys

from rounds import DIRECT, OFF, UNRELATED, Round
from run_pg_regress import main

OBSERVED = """
- {name: p1, table: public.ints, constraint: ints_pkey, action: do_update}
- {name: p2, table: public.test, constraint: test_pkey, action: do_nothing}
"""

if __name__ == "__main__":
    rounds = [DIRECT, OFF, Round("observe", "observe", OBSERVED), UNRELATED]
    suite = ("isolation", "isolation/pg_isolation_regress")
    sys.exit(main("PostgreSQL's isolation suite", suite, rounds, independent=True))
