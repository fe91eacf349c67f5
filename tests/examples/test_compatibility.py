"""Every operation of every framework example under every action: nothing is lost, and docs/compatibility.md says what came of it.
PGCONCORD_UPDATE_GOLDEN=1 writes that page."""

import json
import os
import subprocess

import pytest
from compatibility import ACTIONS, Observation, page
from example import FRAMEWORKS, Example, with_ports
from harness.proxy_process import REPOSITORY, ProxyProcess, configuration

POLICY = "- {{name: products, table: public.products, constraint: products_sku_key, action: {}}}\n"
PAGE = REPOSITORY / "docs/compatibility.md"
SCHEMA = (REPOSITORY / "examples/products.sql").read_text()
results = {}


def reasons(proxy):
    return proxy.metrics().nonzero("left_alone_total", "reason") if proxy else {}


def rows(connection, sku):
    query = "SELECT sku, id, name FROM products WHERE sku IN (%s, %s)"
    return {row[0]: {"id": row[1], "name": row[2]} for row in connection.execute(query, [sku, f"{sku}-new"])}


def observe(example, port, proxy, connection):
    """Runs the example operation by operation, and looks at tables and metrics in between."""
    commands = with_ports(example.commands[-1], p6432=port, p5432=port, p9732=0)
    process = subprocess.Popen(
        ["bash", "-ec", commands], cwd=example.folder, env=example.environment(STEP="1"), text=True, bufsize=1,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    found, before = [], {}
    with process:
        for line in process.stdout:
            if line.startswith("{"):
                told, after = json.loads(line), reasons(proxy)
                left_alone = {reason for reason, number in after.items() if number > before.get(reason, 0)}
                found.append(Observation(told, rows(connection, told["sku"]), left_alone))
                before = after
                process.stdin.write("\n")
                process.stdin.flush()
        errors = process.stderr.read()
        process.stdin.close()
    assert process.returncode == 0 and found, errors[-3000:]
    return found


def under(action, example, postgres):
    with postgres.connect(postgres.fresh_database("shop")) as connection:
        connection.execute("SET ROLE app")
        connection.execute(SCHEMA)
        if not action:
            return observe(example, postgres.port, None, connection)
        proxy = ProxyProcess(configuration(f"127.0.0.1:{postgres.port}", POLICY.format(action)))
        try:
            return observe(example, proxy.start().port, proxy, connection)
        finally:
            proxy.discard()


@pytest.mark.parametrize("folder", FRAMEWORKS)
def test_nothing_is_lost_and_no_error_is_new(folder, postgres):
    example = Example(folder).prepared()
    by_action = {action: under(action, example, postgres) for action in ACTIONS}
    results[FRAMEWORKS[folder]] = by_action
    for action, observations in by_action.items():
        pairs = zip(observations, by_action[""], strict=True)
        problems = [(each.told["call"], problem) for each, direct in pairs for problem in each.problems(action, direct)]
        assert not action or not problems, f"{action}: {problems}"


def test_the_page_is_what_came_out():
    if results.keys() != set(FRAMEWORKS.values()):
        pytest.skip("only some of the frameworks ran")
    text = page(results)
    if os.environ.get("PGCONCORD_UPDATE_GOLDEN"):
        PAGE.write_text(text)
    assert PAGE.read_text() == text
