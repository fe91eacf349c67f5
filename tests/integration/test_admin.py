"""The HTTP side of a running proxy: what Prometheus, Kubernetes and a person with curl ask."""

import json
import shutil
import socket
import subprocess
import threading
import urllib.error
import urllib.request

import psycopg
import pytest
from harness.ports import free_port
from harness.waiting import wait_until

POLICY = "- {name: p, table: public.t, constraint: t_pkey, action: do_nothing}\n"


def get(process, path):
    try:
        with urllib.request.urlopen(f"http://{process.admin}{path}", timeout=10) as reply:
            return reply.status, reply.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


@pytest.fixture
def busy(proxy, direct, database):
    """A proxy that has seen a bit of everything."""
    direct.execute("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1); CREATE TABLE u (id int PRIMARY KEY)")
    process = proxy(POLICY)
    with process.connect(database) as connection:
        connection.execute("INSERT INTO t VALUES (1)")
        connection.execute("INSERT INTO t VALUES (%s)", [1])
        connection.execute("INSERT INTO t SELECT 1 ON CONFLICT DO NOTHING")
        connection.execute("INSERT INTO u VALUES (1)")
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("INSERT INTO u VALUES (1)")
    return process


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is not installed")
def test_promtool_finds_nothing_to_say(busy):
    _, text = get(busy, "/metrics")
    result = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_counters_never_go_down(busy, database):
    before = busy.metrics()
    with busy.connect(database) as connection:
        connection.execute("INSERT INTO t VALUES (1)")
    after = busy.metrics()
    for name, series in before.samples.items():
        if name.endswith("_total"):
            for labels, value in series.items():
                assert after.samples[name][labels] >= value, (name, dict(labels))


def test_version_says_what_was_built(busy):
    status, text = get(busy, "/version")
    assert status == 200 and json.loads(text)["version"]
    assert busy.metrics().total("build_info") == 1


def test_health_and_readiness(busy):
    assert get(busy, "/healthz")[0] == 200
    assert get(busy, "/readyz")[0] == 200


def test_not_ready_without_a_server_but_healthy(proxy):
    process = proxy(upstream=f"127.0.0.1:{free_port()}")
    wait_until(lambda: get(process, "/readyz")[0] == 503, "not ready")
    assert get(process, "/healthz")[0] == 200
    assert get(process, "/metrics")[0] == 200


def test_not_ready_while_draining_and_metrics_to_the_end(proxy, database):
    process = proxy()
    with process.connect(database, autocommit=False) as connection:
        connection.execute("SELECT 1")
        process.process.terminate()
        wait_until(lambda: get(process, "/readyz")[0] == 503, "not ready")
        assert get(process, "/metrics")[0] == 200
        connection.commit()
    assert process.process.wait(10) == 0


@pytest.mark.parametrize("path", ["/nothing", "/../etc/passwd", "/%00", "/metrics/x", "/" + "a" * 9000])
def test_other_paths_are_refused(path, busy):
    assert get(busy, path)[0] >= 400


def test_many_scrapes_at_once_beside_traffic(busy, database):
    results = []

    def scrape_often():
        results.extend(get(busy, "/metrics")[0] for _ in range(20))

    threads = [threading.Thread(target=scrape_often) for _ in range(8)]
    for thread in threads:
        thread.start()
    with busy.connect(database) as connection:
        for _ in range(200):
            connection.execute("INSERT INTO t VALUES (1)")
    for thread in threads:
        thread.join()
    assert results == [200] * 160


def test_broken_requests_do_not_stop_it(busy):
    host, port = busy.admin.rsplit(":", 1)
    for garbage in (
        b"",
        b"\0" * 500,
        b"GET",
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 5000,
        b"POST /metrics HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n",
    ):
        with socket.create_connection((host, int(port)), 5) as client:
            client.sendall(garbage)
    assert get(busy, "/metrics")[0] == 200
