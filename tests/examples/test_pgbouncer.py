"""PgBouncer before and behind pgconcord, by the commands of the README: are duplicates absorbed on both chains?"""

import os
import re

import pytest
from example import CACHE, Example, with_ports
from harness.ports import free_port

# PgBouncer refuses to run as root; the user of the PostgreSQL package may read what it needs.
AS_USER = ["--user=postgres"] if os.geteuid() == 0 else []


@pytest.mark.parametrize("chain", ["before", "behind"])
def test_duplicates_are_absorbed(chain, postgres, shop):
    example = Example("pgbouncer")
    commands = dict(zip(("before", "behind"), example.commands, strict=True))
    ports = {"p5432": postgres.port, "p6432": free_port(), "p9732": free_port()}
    bouncer = str(free_port())
    for path in [*example.folder.glob("*.ini"), *example.folder.glob("*.yaml"), CACHE / "products.yaml"]:
        path.write_text(with_ports(path.read_text(), **ports).replace("6543", bouncer))
    script = with_ports(commands[chain], **ports).replace("6543", bouncer)
    script = script.replace("pgbouncer --quiet", " ".join(["pgbouncer --quiet", *AS_USER]))
    output = example.shell(
        f"trap 'kill %1 %2; wait' EXIT\n{script}\npgconcord policies\n", PGCONCORD_ADMIN=f"127.0.0.1:{ports['p9732']}"
    )
    assert re.findall(r"^ +(\d+) \| (\w+)", output, re.MULTILINE).count(("1", "Anvil")) == 3, output
    with postgres.connect(shop) as connection:
        assert connection.execute("SELECT id, name FROM products").fetchall() == [(1, "Anvil")]
        assert "ON CONFLICT (sku) DO UPDATE SET" in postgres.log_of(shop)
