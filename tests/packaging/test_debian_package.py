"""Is the Debian package one: installed, started as its unit would start it, reloaded, drained, removed and purged? In order."""

import os
import re
import shlex
import signal
import socket
import stat
import subprocess

import psycopg
import pytest
from debian_root import REPOSITORY, run
from harness.exposition import scrape
from harness.ports import free_port
from harness.waiting import wait_until

UNIT = REPOSITORY / "cmake/package/pgconcord.service"
CONFIGURATION = "/etc/pgconcord/pgconcord.yaml"


def setting(name):
    """The last value of a key of the unit."""
    return re.findall(rf"^{name}=(.*)$", UNIT.read_text(), re.MULTILINE)[-1]


@pytest.fixture(scope="module")
def installed(root, package):
    target = root.path(f"/tmp/{package.name}")
    target.write_bytes(package.read_bytes())
    root.run("apt-get", "-qq", "update")
    root.run("apt-get", "-qq", "install", "--yes", "--no-install-recommends", f"/tmp/{package.name}")
    return root


def test_lintian_has_no_error(package):
    # A package that is not made for Debian's archive has no entry in its changelog.
    result = run(["lintian", "--fail-on", "error", "--suppress-tags", "no-changelog", package], check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_everything_is_where_debian_expects_it(installed, package):
    names = run(["dpkg-deb", "--contents", package]).stdout
    for path in (
        "usr/bin/pgconcord",
        "lib/systemd/system/pgconcord.service",
        "usr/share/man/man1/pgconcord.1.gz",
        "usr/share/bash-completion/completions/pgconcord",
        "usr/share/zsh/vendor-completions/_pgconcord",
        "usr/share/fish/vendor_completions.d/pgconcord.fish",
        "etc/pgconcord/pgconcord.yaml",
        "usr/share/doc/pgconcord/copyright",
    ):
        assert f" ./{path}\n" in names, path
        assert installed.path(path).exists()
    assert installed.run("dpkg", "--verify", "pgconcord").stdout == ""
    assert installed.run("dpkg-query", "-W", "-f", "${Conffiles}", "pgconcord").stdout.split()[0] == CONFIGURATION


def test_every_library_is_of_a_package_it_depends_on(installed):
    libraries = installed.run("ldd", "/usr/bin/pgconcord").stdout
    assert "not found" not in libraries
    assert installed.run("pgconcord", "version").stdout.startswith("pgconcord ")


def test_the_user_has_no_home_and_no_shell(installed):
    entry = installed.run("getent", "passwd", "pgconcord").stdout.strip().split(":")
    assert entry[5] == "/nonexistent" and entry[6] == "/usr/sbin/nologin"
    facts = installed.path(CONFIGURATION).stat()
    assert stat.S_IMODE(facts.st_mode) == 0o640 and (facts.st_uid, facts.st_gid) == (0, int(entry[3]))


def test_the_default_configuration_is_valid_observes_and_listens_on_loopback(installed):
    assert "valid" in installed.run("pgconcord", "check", "--strict", "--config", CONFIGURATION).stdout
    text = installed.path(CONFIGURATION).read_text()
    assert re.search(r"^mode: observe\b", text, re.MULTILINE) and "0.0.0.0" not in text


def test_the_unit_is_enabled_but_not_started_without_systemd(installed):
    assert installed.path("/etc/systemd/system/multi-user.target.wants/pgconcord.service").is_symlink()
    assert run(["pgrep", "-f", f"{installed.folder}/usr/bin/pgconcord"], check=False).stdout == ""


def test_systemd_has_nothing_to_say_about_the_unit(installed, tmp_path):
    unit = tmp_path / "pgconcord.service"
    unit.write_text(UNIT.read_text().replace("/usr/bin/pgconcord", str(installed.path("/usr/bin/pgconcord"))))
    result = run(["systemd-analyze", "verify", "--man=no", unit], check=False)
    assert "pgconcord" not in result.stderr, result.stderr
    result = run(["systemd-analyze", "security", "--offline=true", "--threshold=15", unit], check=False)
    assert result.returncode == 0, result.stdout


class Service:
    """What systemd would do with the unit: its ExecStart line as its user, its notification socket, its ExecReload."""

    def __init__(self, root, upstream_port):
        self.root = root
        self.port, self.admin_port = free_port(), free_port()
        path = root.path(CONFIGURATION)
        text = path.read_text().replace(":6432", f":{self.port}").replace(":9732", f":{self.admin_port}")
        path.write_text(text.replace(":5432", f":{upstream_port}"))
        root.path("/run/pgconcord").mkdir(exist_ok=True)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(root.path("/run/notify")))
        root.path("/run/notify").chmod(0o777)
        self.socket.settimeout(10)
        self.process = None

    def start(self):
        command = self.root.chroot(shlex.split(setting("ExecStart")), f"{setting('User')}:{setting('Group')}")
        environment = {"PATH": "/usr/bin:/bin", "NOTIFY_SOCKET": "/run/notify"}
        self.process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
        return self

    def notification(self):
        return self.socket.recv(4096).decode().split("\n")

    def reload(self):
        command = setting("ExecReload").replace("$MAINPID", str(self.process.pid))
        subprocess.run(shlex.split(command), check=True)

    def metrics(self):
        return scrape(f"127.0.0.1:{self.admin_port}")

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.socket.close()


@pytest.fixture(scope="module")
def service(installed, postgres):
    running = Service(installed, postgres.port).start()
    yield running
    running.stop()


def wait_for(service, state):
    while not any(each == state for each in service.notification()):
        pass


def test_it_starts_as_the_unit_says_and_tells_when_it_is_ready(service, postgres):
    assert setting("Type") == "notify"
    wait_for(service, "READY=1")
    assert os.stat(f"/proc/{service.process.pid}").st_uid != 0
    database = postgres.fresh_database("package")
    with psycopg.connect(host="127.0.0.1", port=service.port, user="app", dbname=database) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert (
        service.root.run("pgconcord", "healthcheck", "--admin", f"http://127.0.0.1:{service.admin_port}").returncode
        == 0
    )


def test_it_reloads_as_the_unit_says(service):
    path = service.root.path(CONFIGURATION)
    path.write_text(
        path.read_text() + "policies:\n  - {name: added, table: public.t, constraint: t_pkey, action: do_nothing}\n"
    )
    service.reload()
    wait_until(lambda: service.metrics().total("policy_info", policy="added") == 1, "the policy is known")


def refuses(port):
    try:
        psycopg.connect(host="127.0.0.1", port=port, user="app", dbname="postgres", connect_timeout=5).close()
    except psycopg.OperationalError as error:
        return "shutting down" in str(error)
    return False


def test_it_drains_and_exits_with_0(service, postgres):
    connection = psycopg.connect(
        host="127.0.0.1", port=service.port, user="app", dbname=postgres.fresh_database("package")
    )
    connection.execute("SELECT 1")  # a transaction is open
    service.process.send_signal(signal.SIGTERM)
    wait_until(lambda: refuses(service.port), "new clients are refused")
    assert connection.execute("SELECT 2").fetchone() == (2,)
    connection.commit()
    connection.close()
    assert service.process.wait(20) == 0


def test_a_new_version_keeps_the_administrators_configuration(installed, service, package):
    before = installed.path(CONFIGURATION).read_text()
    assert "added" in before
    installed.run("dpkg", "--install", "--force-confold", f"/tmp/{package.name}")
    assert installed.path(CONFIGURATION).read_text() == before


def test_removing_keeps_the_configuration_and_purging_leaves_nothing(installed, service):
    installed.run("apt-get", "-qq", "remove", "--yes", "pgconcord")
    assert installed.path(CONFIGURATION).exists() and not installed.path("/usr/bin/pgconcord").exists()
    installed.run("dpkg", "--purge", "pgconcord")
    for path in (
        "/etc/pgconcord",
        "/lib/systemd/system/pgconcord.service",
        "/etc/systemd/system/multi-user.target.wants/pgconcord.service",
    ):
        assert not os.path.lexists(installed.path(path)), path
    assert installed.run("getent", "passwd", "pgconcord", check=False).returncode != 0
    assert "pgconcord" not in installed.run("dpkg-query", "-W", "-f", "${Package} ").stdout.split()
