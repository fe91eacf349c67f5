"""Why a constraint is violated, how the transaction went on, and what to do about it: from real scenarios to every
place that tells of them. No value of a row may show up in any of these."""

import json
import subprocess
import urllib.request

import psycopg
import pytest
from harness.proxy_process import binary
from harness.waiting import wait_until

SCHEMA = """
CREATE TABLE users (
  id serial PRIMARY KEY,
  email text CONSTRAINT users_email_key UNIQUE,
  age int CONSTRAINT users_age_check CHECK (age > 0));
GRANT ALL ON ALL TABLES IN SCHEMA public TO app; GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO app;
"""
CANARY = "canary7419"
EMAIL_POLICY = """
- name: email
  mode: observe
  table: public.users
  constraint: users_email_key
  action: do_nothing
"""


@pytest.fixture
def shop(proxy, direct, database):
    direct.execute(SCHEMA)

    class Shop:
        process = proxy(mode="observe")

        def connect(self, application="web", **more):
            return self.process.connect(database, application_name=application, **more)

        def causes(self, constraint):
            return self.process.metrics().nonzero("violation_causes_total", "cause", constraint=constraint)

        def outcomes(self, constraint):
            return self.process.metrics().nonzero("violation_outcomes_total", "outcome", constraint=constraint)

        def api(self, name):
            with urllib.request.urlopen(f"http://{self.process.admin}/api/v1/{name}", timeout=10) as reply:
                return json.load(reply)[name]

    return Shop()


def violate(connection, sql, parameters=None):
    with pytest.raises(psycopg.errors.IntegrityError):
        connection.execute(sql, parameters)


class TestCauses:
    def test_a_sequence_that_lags_behind_its_table(self, shop, direct):
        direct.execute("INSERT INTO users (id, email) SELECT n, 'u' || n FROM generate_series(1, 3) n")
        with shop.connect() as app:
            for n in range(3):
                violate(app, "INSERT INTO users (email) VALUES (%s)", (f"new{n}",))
            app.execute("INSERT INTO users (email) VALUES ('new')")
        assert shop.causes("users_pkey") == {"sequence_drift": 3}
        assert shop.process.metrics().total("sequence_drift_total", table="users") == 3

    def test_two_sessions_that_looked_first(self, shop):
        with shop.connect() as one, shop.connect() as two:
            for app in (one, two):
                assert app.execute("SELECT id FROM users WHERE email = 'a'").fetchone() is None
            one.execute("INSERT INTO users (email) VALUES ('a')")
            violate(two, "INSERT INTO users (email) VALUES ('a')")
        assert shop.causes("users_email_key") == {"race": 1}

    def test_the_same_write_of_two_sessions_at_once(self, shop):
        with shop.connect() as one, shop.connect() as two:
            one.execute("INSERT INTO users (email) VALUES (%s)", ("a",))
            violate(two, "INSERT INTO users (email) VALUES (%s)", ("a",))
        assert shop.causes("users_email_key") == {"race": 1}

    def test_an_import_replayed_by_copy_and_by_rows(self, shop):
        with shop.connect("import") as app:
            for attempt in range(2):
                with app.cursor() as cursor:
                    try:
                        with cursor.copy("COPY users (email) FROM STDIN") as copy:
                            copy.write_row(("a",))
                            copy.write_row(("b",))
                    except psycopg.errors.UniqueViolation:
                        assert attempt == 1
            violate(app, "INSERT INTO users (email) VALUES ('a'), ('c')")
        assert shop.causes("users_email_key") == {"repeated_import": 2}

    def test_an_import_replayed_row_by_row(self, shop, direct):
        direct.execute("INSERT INTO users (email) SELECT 'u' || n FROM generate_series(1, 10) n")
        with shop.connect("import") as app:
            for n in range(1, 11):
                violate(app, "INSERT INTO users (email) VALUES (%s)", (f"u{n}",))
        assert shop.causes("users_email_key") == {"unknown": 3, "repeated_import": 7}

    def test_a_form_posted_twice(self, shop):
        with shop.connect() as app:
            app.execute("INSERT INTO users (email) VALUES (%s)", ("a",))
            violate(app, "INSERT INTO users (email) VALUES (%s)", ("a",))
        assert shop.causes("users_email_key") == {"repeated_write": 1}

    def test_what_is_no_duplicate_is_unknown(self, shop):
        with shop.connect() as app:
            violate(app, "INSERT INTO users (email, age) VALUES ('a', -1), ('b', -2)")
        assert shop.causes("users_age_check") == {"unknown": 1}


class TestOutcomes:
    def test_each_way_on(self, shop, direct):
        direct.execute("INSERT INTO users (email) VALUES ('a')")
        insert = "INSERT INTO users (email) VALUES ('a')"
        with shop.connect() as app:
            violate(app, insert)
            with app.transaction():
                with pytest.raises(psycopg.errors.UniqueViolation), app.transaction():
                    app.execute(insert)
                app.execute("SELECT 1")
            with pytest.raises(psycopg.errors.UniqueViolation), app.transaction():
                app.execute(insert)
        assert shop.outcomes("users_email_key") == {"autocommit": 1, "recovered": 1, "rolled_back": 1}

    def test_a_session_that_goes_away_was_rolled_back(self, shop, direct):
        direct.execute("INSERT INTO users (email) VALUES ('a')")
        app = shop.connect(autocommit=False)
        violate(app, "INSERT INTO users (email) VALUES ('a')")
        app.pgconn.finish()
        wait_until(lambda: shop.outcomes("users_email_key") == {"rolled_back": 1}, "the outcome is counted")


class TestTelling:
    @pytest.fixture
    def told(self, shop):
        """A load whose every value is a canary."""
        with shop.connect("web-12345") as app:
            sql = "INSERT INTO users (email) VALUES (%s) RETURNING id"
            app.execute(sql, (CANARY,))
            violate(app, sql, (CANARY,))
            violate(app, f"INSERT INTO users (email) VALUES ('{CANARY}') /*application='shop'*/")
            violate(app, f"INSERT INTO users (email, age) VALUES ('{CANARY}x', -7419)")
            with app.cursor() as cursor, pytest.raises(psycopg.errors.UniqueViolation):
                with cursor.copy("COPY users (email) FROM STDIN") as copy:
                    copy.write_row((CANARY,))
        return shop

    def test_the_api_groups_by_constraint_statement_and_application(self, told):
        groups = told.api("violations")
        assert sum(group["count"] for group in groups) == 4
        by_statement = {(g["constraint"], g["statement"], g["application"]): g for g in groups}
        assert set(by_statement) == {
            ("users_email_key", "insert", "web-#"),
            ("users_email_key", "insert", "shop"),
            ("users_age_check", "insert", "web-#"),
            ("users_email_key", "copy", "web-#"),
        }
        first = by_statement["users_email_key", "insert", "web-#"]
        assert first["text"] == "INSERT INTO users (email) VALUES ($1) RETURNING id"
        assert first["key_columns"] == "email"
        assert first["causes"] == {"repeated_write": 1}
        assert first["outcomes"] == {"autocommit": 1}

    def test_suggestions_say_what_cures_and_what_does_not(self, told):
        by_constraint = {each["constraint"]: each for each in told.api("suggestions")}
        assert by_constraint["users_email_key"]["verdict"] == "return_existing"
        assert by_constraint["users_age_check"]["verdict"] == "no_upsert"

    def test_a_suggested_policy_is_a_valid_configuration(self, told, tmp_path):
        said = subprocess.run(
            [binary(), "suggest", "--admin", f"http://{told.process.admin}"], capture_output=True, text=True, check=True
        ).stdout
        file = tmp_path / "pgconcord.yaml"
        file.write_text("version: 1\n" + said)
        checked = subprocess.run(
            [binary(), "check", "--config", str(file)], capture_output=True, text=True, check=False
        )
        assert checked.returncode == 0, checked.stdout + checked.stderr
        assert "users-email-key" in said

    def test_tables_in_the_terminal(self, told):
        def said(*words):
            command = [binary(), *words, "--admin", f"http://{told.process.admin}"]
            return subprocess.run(command, capture_output=True, text=True, check=True).stdout

        violations = said("violations").splitlines()
        assert violations[0].split()[:3] == ["COUNT", "TABLE", "CONSTRAINT"]
        assert len(violations) == 5
        assert len(said("violations", "--top", "1").splitlines()) == 2
        assert json.loads(said("violations", "--format", "json"))["violations"][0]["table"] == "users"
        assert said("policies") == "no policies: nothing is rewritten\n"

    def test_no_value_of_a_row_is_told_anywhere(self, told):
        pages = ["", "live", "metrics", "api/v1/violations", "api/v1/policies", "api/v1/suggestions"]
        for page in pages:
            with urllib.request.urlopen(f"http://{told.process.admin}/{page}", timeout=10) as reply:
                text = reply.read().decode()
            assert "users_email_key" in text or page == "api/v1/policies"
            assert CANARY not in text and "7419" not in text, page
        output = told.process.folder / "stderr"
        told.process.stop()
        log = output.read_text()
        assert "violations new=1" in log and "users_email_key" in log
        assert CANARY not in log and "7419" not in log


class TestPolicies:
    def test_what_a_policy_did(self, proxy, direct, database):
        direct.execute(SCHEMA)
        process = proxy(EMAIL_POLICY)
        with process.connect(database) as app:
            app.execute("INSERT INTO users (email) VALUES ('a')")
            violate(app, "INSERT INTO users (email) VALUES ('a')")
        with urllib.request.urlopen(f"http://{process.admin}/api/v1/policies", timeout=10) as reply:
            (policy,) = json.load(reply)["policies"]
        assert policy["name"] == "email"
        assert policy["mode"] == "observe"
        assert policy["observed"] == 1
        assert policy["absorbed"] == 0
        assert not policy["suspended"]


class TestCaps:
    def test_forged_names_and_applications_stay_bounded(self, shop):
        forge = "DO $$ BEGIN RAISE unique_violation USING CONSTRAINT = '{0}', TABLE = 't{0}', SCHEMA = 's'; END $$"
        with shop.connect() as app:
            for n in range(300):
                app.execute(f"SET application_name = 'app {chr(97 + n % 26)}{chr(97 + n // 26)}'")
                violate(app, forge.format(f"forged{n}"))
        metrics = shop.process.metrics()
        assert metrics.total("constraint_violations_total", constraint="unknown") == 300
        assert "forged" not in metrics.text
        assert len(metrics.series("application_violations_total")) <= 51
        assert metrics.total("application_violations_total") == 300
        assert len(shop.api("violations")) <= 500
