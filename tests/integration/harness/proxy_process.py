"""The program under test as a process: started with a configuration, asked for its ports, stopped and inspected."""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import textwrap

import psycopg

from harness.exposition import scrape
from harness.waiting import wait_until

REPOSITORY = pathlib.Path(__file__).resolve().parents[3]
SANITIZER = re.compile(r"ERROR: \w+Sanitizer|runtime error:|CHECK failed", re.MULTILINE)


def binary():
    return os.environ.get("PGCONCORD_BIN", str(REPOSITORY / "build/dev/pgconcord"))


def configuration(upstream, policies="", mode="enforce", listen=("127.0.0.1:0",), more="", upstream_more=""):
    """A configuration file as text; `policies`, `more` and `upstream_more` are YAML written in the test."""
    listeners = "\n".join(f"  - address: {address}" for address in listen)
    text = (
        f"version: 1\nmode: {mode}\nlisten:\n{listeners}\n"
        f"upstream:\n  address: [{upstream}]\n  {upstream_more}\nadmin: {{address: 127.0.0.1:0}}\n"
    )
    text += textwrap.dedent(more)
    if "shutdown:" not in more:
        text += "shutdown: {drain: 0s}\n"  # a test that is over waits for no session
    if policies:
        text += "policies:\n" + textwrap.indent(textwrap.dedent(policies).strip("\n"), "  ") + "\n"
    return text


class ProxyProcess:
    """`config` is the text of a configuration file, or None for zero configuration with `arguments`."""

    def __init__(self, config=None, arguments=(), environment=None):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="pgc-proxy-"))
        self.config_path = self.folder / "pgconcord.yaml"
        self.port_file = self.folder / "ports"
        self.stderr_path = self.folder / "stderr"
        self.stdout_path = self.folder / "stdout"
        self.command = [binary(), "run", "--port-file", str(self.port_file), *arguments]
        if config is not None:
            self.config_path.write_text(config)
            self.command += ["--config", str(self.config_path)]
        self.environment = {**os.environ, **(environment or {})}
        self.process = None
        self.listeners = []
        self.admin = None

    def start(self):
        with self.stderr_path.open("wb") as err, self.stdout_path.open("wb") as out:
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, cwd=self.folder, env=self.environment
            )
        wait_until(self.wrote_ports, "the proxy wrote its port file", 20)
        return self

    def wrote_ports(self):
        assert self.process.poll() is None, f"the proxy exited with {self.process.returncode}: {self.output()}"
        text = self.port_file.read_text() if self.port_file.exists() else ""
        if not re.search(r"^admin .*\n", text, re.MULTILINE):
            return False
        lines = [line.split(" ", 1) for line in text.splitlines()]
        self.listeners = [address for kind, address in lines if kind == "listen"]
        self.admin = next(address for kind, address in lines if kind == "admin")
        return True

    @property
    def port(self):
        """The port of the first TCP listener."""
        return int(next(a for a in self.listeners if not a.startswith("unix:")).rsplit(":", 1)[1])

    def connect(self, database, user="app", **more):
        more.setdefault("autocommit", True)
        return psycopg.connect(host="127.0.0.1", port=self.port, user=user, dbname=database, **more)

    def memory_mb(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) / 1024

    def metrics(self):
        return scrape(self.admin)

    def rewrite_config(self, config):
        """Replaces the file and reloads by SIGHUP; returns when the reload is seen in the metrics."""
        before = self.metrics().total("config_last_reload_success_timestamp_seconds")
        self.config_path.write_text(config)
        self.process.send_signal(signal.SIGHUP)
        wait_until(
            lambda: self.metrics().total("config_last_reload_success_timestamp_seconds") > before,
            "the new configuration is in force",
        )

    def output(self):
        texts = [path.read_text(errors="replace") for path in (self.stdout_path, self.stderr_path) if path.exists()]
        return "\n".join(texts)

    def stop(self):
        """SIGTERM must end the process with status 0, without a word from a sanitizer."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise AssertionError(f"the proxy did not stop after SIGTERM: {self.output()[-2000:]}") from None
        status, self_output = self.process.returncode, self.output()
        self.process = None
        assert not SANITIZER.search(self_output), self_output[-8000:]
        assert status == 0, f"the proxy ended with {status}: {self_output[-4000:]}"

    def discard(self):
        """Stops it and removes its folder, whatever stopping has to say."""
        try:
            self.stop()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)
