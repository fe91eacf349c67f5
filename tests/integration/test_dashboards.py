"""Every panel of the dashboards shows something: a real Prometheus scrapes a proxy under a load in which everything
happens that a panel can show, and runs every panel's query. The dashboards are what scripts/dashboards writes."""

import contextlib
import json
import pathlib
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request

import psycopg
import pytest
from harness.ports import free_port
from harness.proxy_process import REPOSITORY
from harness.waiting import wait_until

SCHEMA = """
CREATE TABLE users (id serial PRIMARY KEY, email text CONSTRAINT users_email_key UNIQUE, name text);
CREATE TABLE saved (id int CONSTRAINT saved_pkey PRIMARY KEY);
CREATE TABLE stock (sku text CONSTRAINT stock_pkey PRIMARY KEY, amount int);
CREATE TABLE lagging (id serial CONSTRAINT lagging_pkey PRIMARY KEY, note text);
GRANT ALL ON ALL TABLES IN SCHEMA public TO app; GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO app;
INSERT INTO lagging SELECT n, 'x' FROM generate_series(1, 1000) n;
"""
POLICIES = """
- {name: users, table: public.users, constraint: users_email_key, action: do_nothing}
- {name: behind-savepoint, table: public.saved, constraint: saved_pkey, action: do_nothing, apply: on_violation}
- {name: stock, table: public.stock, constraint: stock_pkey, action: do_update}
- {name: seen, mode: observe, table: public.lagging, constraint: lagging_pkey, action: do_nothing}
"""
pytestmark = pytest.mark.timeout(240)

DASHBOARDS = sorted((REPOSITORY / "helm/pgconcord/dashboards").glob("*.json"))
VARIABLES = {
    "$job": ".+",
    "$instance": ".+",
    "$database": ".+",
    "$table": ".+",
    "$__rate_interval": "15s",
    "$__range": "1m",
}


class Prometheus:
    def __init__(self, folder, target):
        self.port = free_port()
        config = folder / "prometheus.yml"
        config.write_text(
            "global: {scrape_interval: 1s}\nscrape_configs:\n  - job_name: pgconcord\n"
            f"    static_configs: [{{targets: ['{target}']}}]\n"
        )
        self.log = (folder / "log").open("wb")
        self.process = subprocess.Popen(
            ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={folder / 'data'}",
             f"--web.listen-address=127.0.0.1:{self.port}"],
            stdout=self.log, stderr=self.log,
        )  # fmt: skip

    def query(self, expression):
        url = f"http://127.0.0.1:{self.port}/api/v1/query?" + urllib.parse.urlencode({"query": expression})
        try:
            with urllib.request.urlopen(url, timeout=10) as reply:
                return json.load(reply)["data"]["result"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{expression}: {error.read().decode()}") from None

    def stop(self):
        self.process.terminate()
        self.process.wait(20)
        self.log.close()


def panels():
    for path in DASHBOARDS:
        for panel in json.loads(path.read_text())["panels"]:
            for target in panel.get("targets", []):
                yield path.stem, panel["title"], target["expr"]


def substituted(expression):
    for name, value in VARIABLES.items():
        expression = expression.replace(name, value)
    return expression


def suppressed():
    return contextlib.suppress(psycopg.Error)


def load(proxy, database, round_number):
    """One round of everything."""
    with proxy.connect(database, application_name="shop") as app:
        for _ in range(2):
            app.execute("INSERT INTO users (email) VALUES (%s)", (f"u{round_number}",))
        with suppressed():
            app.execute("INSERT INTO lagging (note) VALUES ('x')")
        with app.transaction():
            app.execute("INSERT INTO users (email) VALUES (%s)", (f"u{round_number}",))
        with app.transaction():
            app.execute("INSERT INTO saved VALUES (1)")
        with suppressed():
            app.execute("INSERT INTO users (id, name) SELECT 1, 'x' FROM users")
        with suppressed(), app.transaction():
            app.execute("INSERT INTO users (")
        with suppressed(), app.transaction():
            app.execute("INSERT INTO stock VALUES ('a', 1), ('a', 2)")
    with suppressed(), proxy.connect("no_such_database"):
        pass


@pytest.fixture(scope="module")
def scraped(postgres, upstream, tmp_path_factory):
    from conftest import proxies

    database = postgres.fresh_database("dashboards")
    with postgres.connect(database) as direct:
        direct.execute(SCHEMA)
    starting = proxies(upstream)
    proxy = next(starting)(POLICIES, upstream=f"'127.0.0.1:{free_port()}', '{upstream}'")
    prometheus = Prometheus(tmp_path_factory.mktemp("prometheus"), proxy.admin)
    try:
        wait_until(lambda: answers(prometheus), "Prometheus answers", 30)
        rounds = iter(range(10_000))

        def seen():
            load(proxy, database, next(rounds))
            return all(prometheus.query(substituted(e)) for _, title, e in panels() if title == "Rewrites")

        wait_until(seen, "Prometheus has rates", 60)
        for _ in range(8):
            load(proxy, database, next(rounds))
        # Counters whose first value is not zero have a rate only after they moved again.
        with contextlib.suppress(AssertionError):  # the test tells which
            wait_until(lambda: not (load(proxy, database, next(rounds)) or empty(prometheus)), "panels show", 60)
        yield prometheus
    finally:
        prometheus.stop()
        next(starting, None)


def answers(prometheus):
    try:
        return bool(prometheus.query("sum(up) > 0"))
    except (OSError, AssertionError):
        return False


def empty(prometheus):
    return [title for _, title, expression in panels() if not prometheus.query(substituted(expression))]


def test_no_panel_is_empty(scraped):
    assert empty(scraped) == []


@pytest.mark.parametrize(("dashboard", "title", "expression"), list(panels()))
def test_a_panel_follows_the_variables(dashboard, title, expression):
    assert 'job=~"$job"' in expression and 'instance=~"$instance"' in expression, (dashboard, title)
    assert "rate(" not in expression or "$__rate_interval" in expression, (dashboard, title)


def test_the_dashboards_are_what_the_script_writes():
    script = pathlib.Path(REPOSITORY / "scripts/dashboards")
    done = subprocess.run([sys.executable, str(script), "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
