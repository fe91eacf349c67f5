"""Does every framework example run by the commands of its README, and see no violation?"""

import json

import pytest
from example import CACHE, FRAMEWORKS, Example, with_ports
from harness.ports import free_port


@pytest.mark.parametrize("folder", FRAMEWORKS)
def test_the_commands_of_the_readme_work(folder, postgres, shop):
    example = Example(folder).prepared()
    ports = {"p5432": postgres.port, "p6432": free_port(), "p9732": free_port()}
    policy = CACHE / "products.yaml"
    policy.write_text(with_ports(policy.read_text(), **ports))
    start, run = example.commands[-2:]
    commands = with_ports(f"{start}\ntrap 'kill %1; wait' EXIT\n{run}", **ports)
    output = example.shell(commands, PGCONCORD_ADMIN=f"127.0.0.1:{ports['p9732']}")
    told = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    assert len(told) >= 7
    absorbed = [each for each in told if each["operation"] in ("create", "save") and "error" not in each]
    assert absorbed or folder == "go", told
    with postgres.connect(shop) as connection:
        names = connection.execute("SELECT DISTINCT name FROM products WHERE stock = 1").fetchall()
        assert ("stored",) in names
