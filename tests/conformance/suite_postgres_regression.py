"""PostgreSQL's own regression suite through the proxy: with policies off, observing, enforced on a table that no test
has, and enforced on tables of the suite. What passes directly must pass through the proxy; what differs under the last
is named below with its reason. --rounds direct,off takes some of them."""

import sys

from rounds import DIRECT, OFF, UNRELATED, Round
from run_pg_regress import main

# On tables of the suite that are told to violate a constraint.
ON_ITS_TABLES = """
- {name: p1, table: public.unique_tbl, constraint: unique_tbl_i_key, action: do_nothing}
- {name: p2, table: public.inhg, constraint: inhg_x_key, action: return_existing}
- {name: p3, table: public.covering_index_heap, constraint: covering_index_index, action: do_update}
- {name: p4, table: public.atacc1, constraint: "*", action: do_nothing, apply: on_violation}
- {name: p5, table: public.concur_heap, constraint: concur_index2, action: do_nothing}
- {name: p6, table: public.guid1, constraint: guid1_unique_btree, action: do_nothing}
"""
# Differences that a policy on the suite's own tables is meant to make.
EXPLAINED = {
    "alter_table": "six violations of atacc1 are absorbed; each replay takes one more value of a sequence",
    "constraints": "three violations of unique_tbl_i_key are absorbed",
    "create_index": "violations of covering_index_index and concur_index2 are absorbed",
    "uuid": "the violation of guid1_unique_btree is absorbed",
}

if __name__ == "__main__":
    rounds = [
        DIRECT,
        OFF,
        UNRELATED,
        Round("observe", "observe", ON_ITS_TABLES),
        Round("enforced", "enforce", ON_ITS_TABLES),
    ]
    title = "PostgreSQL's regression suite"
    sys.exit(main(title, ("regress", "regress/pg_regress"), rounds, EXPLAINED))
