"""The life of the process: drain, online restart, systemd, and what a restart may never cost."""

import os
import signal
import socket
import threading
import time
import urllib.error
import urllib.request

import psycopg
import pytest
from harness import messages
from harness.proxy_process import ProxyProcess, configuration
from harness.waiting import wait_until
from harness.wire_client import WireClient


def status_of(process, path):
    try:
        with urllib.request.urlopen(f"http://{process.admin}{path}", timeout=5) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def codes(received):
    return [m.fields["C"] for m in received if m.kind == "E"]


class TestDrain:
    def test_sessions_go_on_until_the_drain_is_over_then_end_at_an_idle_point(self, proxy, database):
        process = proxy(more="shutdown: {drain: 1500ms}\n")
        with WireClient(("127.0.0.1", process.port)) as idle, WireClient(("127.0.0.1", process.port)) as busy:
            idle.log_in(database=database)
            busy.log_in(database=database)
            process.process.terminate()
            wait_until(lambda: status_of(process, "/readyz") == 503, "not ready while draining")
            assert idle.query("SELECT 1")[1].columns == [b"1"]
            busy.query("BEGIN")
            assert codes(idle.read_until_closed()) == ["57P01"]
            wait_until(lambda: process.metrics().total("client_connections") == 1, "one is left")
            busy.query("SELECT 1")
            assert codes(busy.query("COMMIT") + busy.read_until_closed()) == ["57P01"]
        assert process.process.wait(5) == 0

    def test_new_clients_are_told_57p03_and_metrics_answer_to_the_end(self, proxy, database):
        process = proxy(more="shutdown: {drain: 30s}\n")
        with WireClient(("127.0.0.1", process.port)) as session:
            session.log_in(database=database)
            process.process.terminate()
            wait_until(lambda: status_of(process, "/readyz") == 503, "not ready while draining")
            for _ in range(3):
                with WireClient(("127.0.0.1", process.port)) as late:
                    late.send(messages.SSL_REQUEST)
                    assert late.read_exactly(1) == b"N"
                    assert codes(late.log_in(database=database)) == ["57P03"]
                    assert late.read_until_closed() == []
            assert process.metrics().total("client_connections_total") == 1
            assert status_of(process, "/healthz") == 200
            session.send(messages.TERMINATE)
            session.read_until_closed()
        assert process.process.wait(5) == 0

    def test_a_client_that_never_says_hello_does_not_hold_up_the_end(self, proxy, database):
        process = proxy(more="shutdown: {drain: 0s}\n")
        with WireClient(("127.0.0.1", process.port)) as silent:
            wait_until(lambda: process.metrics().total("client_connections") == 1, "it is there")
            process.process.terminate()
            assert silent.read_until_closed() == []
        assert process.process.wait(5) == 0

    def test_a_client_that_connected_before_is_told_when_it_says_hello(self, proxy, database):
        process = proxy(more="shutdown: {drain: 0s}\n")
        with WireClient(("127.0.0.1", process.port)) as silent:
            wait_until(lambda: process.metrics().total("client_connections") == 1, "it is there")
            process.process.terminate()
            wait_until(lambda: status_of(process, "/readyz") == 503, "draining")
            assert codes(silent.log_in(database=database)) == ["57P03"]
        assert process.process.wait(5) == 0

    @pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
    def test_a_second_signal_stops_at_once(self, second, proxy, database):
        process = proxy(more="shutdown: {drain: 60s}\n")
        with WireClient(("127.0.0.1", process.port)) as client:
            client.log_in(database=database)
            process.process.terminate()
            wait_until(lambda: status_of(process, "/readyz") == 503, "draining")
            process.process.send_signal(second)
            assert process.process.wait(5) == 0


class Hammer:
    """Connects, asks and leaves, over and over, from several threads; keeps what failed."""

    def __init__(self, threads=6, **target):
        self.target, self.failures, self.done, self.stopping = target, [], 0, threading.Event()
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self.run) for _ in range(threads)]

    def run(self):
        while not self.stopping.is_set():
            try:
                with psycopg.connect(**self.target, user="app", autocommit=True, connect_timeout=10) as connection:
                    for n in range(3):
                        assert connection.execute("SELECT %s::int", [n]).fetchone() == (n,)
                with self.lock:
                    self.done += 1
            except (psycopg.Error, AssertionError) as failure:
                with self.lock:
                    self.failures.append(str(failure))

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        for thread in self.threads:
            thread.join()

    def went_on(self, more=30):
        start = self.done
        wait_until(lambda: self.done >= start + more or self.failures, "clients are served", 20)
        assert not self.failures, self.failures[:3]


@pytest.fixture
def successor(upstream):
    """Starts a second process with the listeners of the first."""
    started = []

    def start(first, *arguments, listen=None):
        addresses = listen or [f"127.0.0.1:{first.port}"]
        config = configuration(upstream, listen=addresses, more="shutdown: {drain: 20s}\n")
        process = ProxyProcess(config, ["--take-over", *arguments])
        started.append(process)
        return process.start()

    yield start
    for process in started:
        process.discard()


class TestOnlineRestart:
    def test_no_connection_fails_while_a_second_process_takes_over(self, proxy, successor, database):
        first = proxy(more="shutdown: {drain: 20s}\n")
        with Hammer(host="127.0.0.1", port=first.port, dbname=database) as hammer:
            hammer.went_on()
            second = successor(first)
            hammer.went_on()
            first.process.terminate()
            assert first.process.wait(15) == 0, "its sessions ended, so it need not wait for the drain"
            hammer.went_on()
            third = successor(second)
            second.process.terminate()
            wait_until(lambda: second.process.poll() is not None, "the second ended", 15)
            hammer.went_on()
            assert third.metrics().total("client_connections_total") > 0
        assert second.process.returncode == 0

    def test_a_unix_socket_is_taken_over_too(self, proxy, successor, database, tmp_path):
        path = tmp_path / ".s.PGSQL.6432"
        first = proxy(listen=[f"unix:{path}"], more="shutdown: {drain: 20s}\n")
        with Hammer(host=str(tmp_path), port=6432, dbname=database, threads=3) as hammer:
            hammer.went_on(10)
            second = successor(first, listen=[f"unix:{path}"])
            first.process.terminate()
            assert first.process.wait(15) == 0
            hammer.went_on(10)
        assert path.exists()
        second.stop()
        assert not path.exists()

    def test_a_session_of_the_old_process_lives_on(self, proxy, successor, database):
        first = proxy(more="shutdown: {drain: 20s}\n")
        with WireClient(("127.0.0.1", first.port)) as client:
            client.log_in(database=database)
            client.query("CREATE TEMP TABLE kept (id int)")
            successor(first)
            first.process.terminate()
            wait_until(lambda: status_of(first, "/readyz") == 503, "draining")
            assert "C" in [m.kind for m in client.query("INSERT INTO kept VALUES (1)")]
            client.send(messages.TERMINATE)
            client.read_until_closed()
        assert first.process.wait(10) == 0

    def test_the_pid_file_of_the_successor_stays(self, proxy, successor, tmp_path):
        pid_file = tmp_path / "pid"
        first = proxy()
        first.stop()
        first.port_file.unlink()
        first.command += ["--pid-file", str(pid_file)]
        first.start()
        second = successor(first, "--pid-file", str(pid_file))
        first.process.terminate()
        assert first.process.wait(10) == 0
        assert int(pid_file.read_text()) == second.process.pid


class Manager:
    """Stands in for systemd: a datagram socket by path or in the abstract namespace."""

    def __init__(self, name):
        self.name, self.received = name, []
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + name[1:] if name.startswith("@") else name)
        self.socket.settimeout(0.05)

    def has(self, *lines):
        """Some message holds all of these lines (each the beginning of one)."""
        try:
            while True:
                self.received.append(self.socket.recv(4096).decode())
        except TimeoutError:
            pass
        return any(
            all(any(got.startswith(line) for got in message.split("\n")) for line in lines) for message in self.received
        )

    def count(self, line):
        self.has(line)
        return sum(message == line for message in self.received)


@pytest.fixture(params=["path", "abstract"])
def manager(request, tmp_path):
    name = str(tmp_path / "notify") if request.param == "path" else f"@pgconcord-test-{os.getpid()}-{time.time_ns()}"
    manager = Manager(name)
    yield manager
    manager.socket.close()


class TestServiceManager:
    def test_every_step_is_told(self, manager, proxy, database):
        process = proxy(environment={"NOTIFY_SOCKET": manager.name}, more="shutdown: {drain: 30s}\n")
        wait_until(lambda: manager.has("READY=1", "STATUS=serving", f"MAINPID={process.process.pid}"), "ready")
        manager.received.clear()
        process.process.send_signal(signal.SIGHUP)
        wait_until(lambda: manager.has("RELOADING=1", "MONOTONIC_USEC="), "reloading")
        wait_until(lambda: manager.has("READY=1", "STATUS=serving"), "reloaded")
        process.config_path.write_text("nonsense: [")
        process.process.send_signal(signal.SIGHUP)
        wait_until(
            lambda: manager.has("READY=1", "STATUS=serving 127.0.0.1:" + str(process.port) + "; the last"), "kept"
        )
        with WireClient(("127.0.0.1", process.port)) as client:
            client.log_in(database=database)
            process.process.terminate()
            wait_until(lambda: manager.has("STOPPING=1", "STATUS=draining, sessions left: 1"), "stopping")
        assert process.process.wait(5) == 0

    def test_the_watchdog_is_fed_while_the_loops_turn(self, manager, proxy):
        proxy(environment={"NOTIFY_SOCKET": manager.name, "WATCHDOG_USEC": "200000"})
        wait_until(lambda: manager.count("WATCHDOG=1") >= 3, "the watchdog is fed")

    def test_the_watchdog_of_another_process_is_not_fed(self, manager, proxy):
        environment = {"NOTIFY_SOCKET": manager.name, "WATCHDOG_USEC": "2000", "WATCHDOG_PID": "1"}
        process = proxy(environment=environment)
        wait_until(lambda: manager.has("READY=1"), "ready")
        process.process.terminate()
        wait_until(lambda: manager.has("STOPPING=1"), "stopping")
        assert manager.count("WATCHDOG=1") == 0


def test_a_manager_that_is_not_there_does_not_matter(proxy, tmp_path, database):
    process = proxy(environment={"NOTIFY_SOCKET": str(tmp_path / "nobody"), "WATCHDOG_USEC": "2000"})
    with process.connect(database) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_the_soft_limit_of_open_files_is_raised(proxy, database):
    process = proxy()
    with open(f"/proc/{process.process.pid}/limits") as limits:
        soft, hard = next(line.split()[3:5] for line in limits if line.startswith("Max open files"))
    assert soft == hard
