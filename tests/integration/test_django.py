"""The scenario of scripts/demo as a test, and the promises to Django's ORM one by one."""

import contextlib
import os
import pathlib
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from harness.proxy_process import REPOSITORY

EXAMPLE = REPOSITORY / "examples/django-signup"
sys.path.insert(0, str(EXAMPLE))
os.environ["DJANGO_SETTINGS_MODULE"] = "settings"

import demo  # noqa: E402
import django  # noqa: E402

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import IntegrityError, connections, transaction  # noqa: E402
from signup.models import Membership, Product, Team, User  # noqa: E402

CONFIG = (EXAMPLE / "pgconcord.yaml").read_text()
POLICIES = CONFIG[CONFIG.index("policies:\n") + len("policies:\n") :]
SIZE = ["--workers", "6", "--users", "8", "--products", "12"]
BINDING = pytest.mark.parametrize("server_side_binding", [False, True], ids=["simple", "extended"])


@pytest.fixture
def application(database):
    """`application(proxy, ...)` migrates through the proxy and returns the project as a command line."""

    def start(process, server_side_binding=False):
        environment = {"SERVER_SIDE_BINDING": "1" if server_side_binding else "0"}
        project = demo.Application(process, database, environment)
        project.manage("migrate", "--verbosity", "0")
        return project

    return start


@pytest.fixture
def orm(database):
    """Points Django in this process at a proxy, and migrates through it."""

    def connect(process, server_side_binding=False):
        default = connections["default"]
        default.close()
        default.settings_dict.update(HOST="127.0.0.1", PORT=str(process.port), NAME=database, USER="app")
        default.settings_dict["OPTIONS"] = {"server_side_binding": server_side_binding}
        call_command("migrate", verbosity=0)
        return default

    yield connect
    connections["default"].close()


@BINDING
def test_observe_counts_exactly_what_the_application_saw(server_side_binding, proxy, direct, application):
    process = proxy(POLICIES, mode="observe")
    outcome = demo.run_load(application(process, server_side_binding), process, direct, "observed", *SIZE)
    assert outcome.errors() > 0
    assert outcome.counted_by_constraint("constraint_violations_total") == outcome.errors_by_constraint()
    assert outcome.counted_by_constraint("conflicts_absorbed_total") == {}
    assert outcome.lost == {"import, bulk_create": 3}


@BINDING
def test_enforce_leaves_no_error_and_loses_no_row(server_side_binding, proxy, direct, application):
    process = proxy(POLICIES)
    outcome = demo.run_load(application(process, server_side_binding), process, direct, "enforced", *SIZE)
    assert outcome.errors() == 0, outcome.report
    assert outcome.lost == {"import, bulk_create": 0}
    assert demo.wrong_ids(outcome.report, direct) == []
    assert outcome.counted_by_constraint("constraint_violations_total") == {}

    absorbed = outcome.after.nonzero("conflicts_absorbed_total", "policy", "apply")
    signed_up, joined, row_by_row, _ = outcome.report.values()
    assert absorbed["signup-email", "on_violation"] == signed_up["attempts"] - 8
    assert absorbed["join-once", "on_violation"] == joined["attempts"] - 8 == 6 * 8 - 8
    assert absorbed["import-products", "on_violation"] == 12
    assert row_by_row["attempts"] == 12 + 15
    rewritten = outcome.after.nonzero("rewrites_total", "policy", "result")
    assert rewritten["import-products", "rewritten"] >= 12 + 1

    assert direct.execute(
        "SELECT count(*), count(DISTINCT email) FROM signup_user WHERE name <> 'member'"
    ).fetchone() == (8, 8)
    assert direct.execute("SELECT count(*) FROM signup_membership").fetchone() == (8,)
    assert direct.execute("SELECT DISTINCT price::text FROM signup_product").fetchall() == [("12.50",)]
    assert direct.execute("SELECT count(*) FROM signup_product").fetchone() == (15 + 15,)


def test_a_reload_from_observe_to_enforce_is_live(proxy, direct, application):
    process = proxy(POLICIES, mode="observe")
    project = application(process)
    before = demo.run_load(project, process, direct, "before", *SIZE)
    process.rewrite_config(process.config_path.read_text().replace("mode: observe", "mode: enforce", 1))
    after = demo.run_load(project, process, direct, "after", *SIZE)
    assert demo.check(demo.facts_of(before, after, demo.wrong_ids(after.report, direct)))


@BINDING
class TestOrm:
    def test_create_gets_the_id_of_the_existing_row(self, server_side_binding, proxy, direct, orm):
        orm(proxy(POLICIES), server_side_binding)
        first = User.objects.create(email="a@example.org", name="first")
        second = User.objects.create(email="a@example.org", name="second")
        assert second.pk == first.pk and User.objects.get().name == "first"
        with transaction.atomic():
            assert User.objects.create(email="a@example.org", name="third").pk == first.pk
        second.name = "changed"
        second.save()
        assert direct.execute("SELECT id, name FROM signup_user").fetchall() == [(first.pk, "changed")]

    def test_bulk_create_gets_the_ids_in_order(self, server_side_binding, proxy, direct, orm):
        orm(proxy(POLICIES), server_side_binding)
        known = Product.objects.create(sku="b", name="known", price=1)
        rows = Product.objects.bulk_create([Product(sku=sku, name="bulk", price=2) for sku in "abc"])
        assert rows[1].pk == known.pk
        stored = dict(direct.execute("SELECT sku, id FROM signup_product").fetchall())
        assert {row.sku: row.pk for row in rows} == stored
        assert direct.execute("SELECT name, price FROM signup_product WHERE sku = 'b'").fetchone() == ("bulk", 2)

    def test_a_guarded_get_or_create_is_left_alone(self, server_side_binding, proxy, direct, database, postgres, orm):
        """The rival's row is committed between Django's SELECT and its INSERT, behind Django's own savepoint."""
        process = proxy(POLICIES)
        orm(process, server_side_binding)
        rival = postgres.connect(database)

        def name_while_a_rival_inserts():
            rival.execute("INSERT INTO signup_user (email, name, created) VALUES ('a@example.org', 'rival', now())")
            return "mine"

        with rival, transaction.atomic():
            user, created = User.objects.get_or_create(
                email="a@example.org", defaults={"name": name_while_a_rival_inserts}
            )
            assert (created, user.name) == (False, "rival")
            assert User.objects.count() == 1
        assert process.metrics().nonzero("left_alone_total", "policy", "reason") == {("signup-email", "guarded"): 1}
        assert process.metrics().nonzero("constraint_violations_total", "constraint") == {"signup_user_email_key": 1}

    def test_unique_together_and_foreign_keys(self, server_side_binding, proxy, direct, orm):
        orm(proxy(POLICIES), server_side_binding)
        team, user = Team.objects.create(name="t"), User.objects.create(email="a@example.org", name="a")
        first = Membership.objects.create(team=team, user=user, role="owner")
        assert Membership.objects.create(team=team, user=user, role="again").pk == first.pk
        with pytest.raises(IntegrityError) as failure, transaction.atomic():
            Membership.objects.create(team_id=999, user=user)
            connections["default"].check_constraints()
        assert isinstance(failure.value.__cause__, psycopg.errors.ForeignKeyViolation)
        assert direct.execute("SELECT role FROM signup_membership").fetchall() == [("owner",)]

    def test_ignore_conflicts_and_update_conflicts_stay_djangos_own(self, server_side_binding, proxy, direct, orm):
        process = proxy(POLICIES)
        orm(process, server_side_binding)
        Product.objects.create(sku="a", name="known", price=1)
        Product.objects.bulk_create([Product(sku="a", name="ignored", price=2)], ignore_conflicts=True)
        assert Product.objects.get().name == "known"
        upsert = {"update_conflicts": True, "unique_fields": ["sku"], "update_fields": ["name"]}
        Product.objects.bulk_create([Product(sku="a", name="updated", price=3)], **upsert)
        assert Product.objects.get().name == "updated"
        assert process.metrics().nonzero("left_alone_total", "reason") == {"has_on_conflict": 2}


RACE = """
- {name: race, table: public.signup_user, constraint: signup_user_email_key, action: %(action)s, apply: %(apply)s}
"""


@pytest.mark.parametrize("in_atomic", [False, True], ids=["autocommit", "atomic"])
@pytest.mark.parametrize("method", ["get_or_create", "update_or_create"])
@pytest.mark.parametrize("action", ["do_nothing", "return_existing", "do_update"])
@pytest.mark.parametrize("apply", ["auto", "on_violation"])
def test_get_or_create_is_right_under_sixteen_threads(apply, action, method, in_atomic, proxy, direct, orm):
    """Of all who race for a key exactly one has created it, and everybody has the same row."""
    process = proxy(RACE % {"action": action, "apply": apply})
    orm(process)
    workers, rounds = 16, 4
    start = threading.Barrier(workers)
    results = []

    def one(email):
        start.wait(60)
        with transaction.atomic() if in_atomic else contextlib.nullcontext():
            user, created = getattr(User.objects, method)(email=email, defaults={"name": "racer"})
        return email, user.pk, created

    def worker(number):
        try:
            return [one(f"{turn}@example.org") for turn in range(rounds)]
        finally:
            connections["default"].close()

    with ThreadPoolExecutor(workers) as pool:
        for outcomes in pool.map(worker, range(workers)):
            results += outcomes
    stored = dict(direct.execute("SELECT email, id FROM signup_user").fetchall())
    assert len(stored) == rounds
    assert {(email, pk) for email, pk, _ in results} == set(stored.items())
    assert sorted(email for email, _, created in results if created) == sorted(stored)


def test_the_example_is_what_its_readme_says():
    text = (EXAMPLE / "README.md").read_text()
    for name in ("signup/models.py", "signup/load.py", "pgconcord.yaml", "demo.py"):
        assert name in text and (EXAMPLE / name).exists()
    assert pathlib.Path(REPOSITORY / "scripts/demo").exists()
