"""Certificates and keys as files: read again at a reload, refused with their setting and place, warned about."""

import signal
import ssl
import subprocess

import pytest
from harness.certificates import Authority
from harness.ports import free_port
from harness.proxy_process import binary, configuration
from harness.tls_clients import TlsWireClient, client_context, listener, told
from harness.waiting import wait_until


class TestReload:
    def certificate_of(self, process):
        with TlsWireClient(process.port, client_context()) as client:
            return client.socket.getpeercert(binary_form=True)

    def der(self, identity):
        return ssl.PEM_cert_to_DER_cert(identity.cert.read_text())

    def test_a_renewed_certificate_is_shown_without_a_restart(self, proxy, authority, database):
        identity = authority.issue("renewed-in-place")
        process = proxy(listen=[listener(identity)])
        old = self.der(identity)
        assert self.certificate_of(process) == old
        with process.connect(database, sslmode="require") as before:
            identity.replace_by(authority.issue("next"))
            process.rewrite_config(process.config_path.read_text())
            assert self.certificate_of(process) == self.der(identity) != old
            assert before.execute("SELECT 1").fetchone() == (1,)

    @pytest.mark.parametrize("damage", ["key of another", "no certificate", "gone"])
    def test_what_cannot_be_used_is_refused_and_the_old_one_stays(self, damage, proxy, authority, database):
        identity = authority.issue("damaged")
        process = proxy(listen=[listener(identity)])
        old = self.der(identity)
        if damage == "key of another":
            identity.key.write_bytes(authority.issue("another").key.read_bytes())
        elif damage == "no certificate":
            identity.cert.write_text("nothing\n")
        else:
            identity.key.unlink()
        process.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "reload failed" in process.output(), "the reload is refused")
        assert process.metrics().total("config_last_reload_successful") == 0
        assert self.certificate_of(process) == old

    def test_the_authorities_towards_the_server_are_read_again(self, securing_proxy, authority, tmp_path):
        ca = tmp_path / "ca.crt"
        ca.write_bytes(Authority(tmp_path, "stranger").cert.read_bytes())
        process = securing_proxy(f'mode: verify-full, ca: "{ca}"')
        assert told(process) == "57P03"
        ca.write_bytes(authority.cert.read_bytes())
        process.rewrite_config(process.config_path.read_text())
        assert told(process) == "Z"


class TestFilesThatCannotBeUsed:
    @pytest.mark.parametrize("verb", ["check", "run"])
    @pytest.mark.parametrize(
        ("break_it", "says"),
        [
            (lambda i, a: i.key.write_bytes(a.issue("another").key.read_bytes()), "is not the key of the certificate"),
            (lambda i, a: i.key.unlink(), "cannot be read: No such file"),
            (lambda i, a: i.cert.write_text("x"), "holds no certificate"),
            (lambda i, a: i.key.write_text("x"), "holds no private key"),
        ],
    )
    def test_each_is_an_error_with_its_setting(self, verb, break_it, says, authority, tmp_path):
        identity = authority.issue("broken")
        break_it(identity, authority)
        path = tmp_path / "pgconcord.yaml"
        path.write_text(configuration("127.0.0.1:5432", listen=[listener(identity)]))
        run = subprocess.run([binary(), verb, "--config", path], capture_output=True, text=True, timeout=20)
        assert run.returncode == 1
        assert f"{path}:4" in run.stderr and "listen[0].tls." in run.stderr and says in run.stderr

    def test_an_expired_certificate_is_a_warning(self, authority, tmp_path):
        identity = authority.issue("old", days=-1)
        path = tmp_path / "pgconcord.yaml"
        path.write_text(configuration("127.0.0.1:5432", listen=[listener(identity)]))
        for strict, status in (([], 0), (["--strict"], 1)):
            run = subprocess.run([binary(), "check", *strict, "--config", path], capture_output=True, text=True)
            assert run.returncode == status and "has expired" in run.stdout


def test_the_start_fails_where_the_port_is_free_but_the_files_are_not_there(tmp_path):
    path = tmp_path / "pgconcord.yaml"
    text = configuration("127.0.0.1:5432", listen=[f"127.0.0.1:{free_port()}\n    tls: {{mode: require}}"])
    path.write_text(text)
    run = subprocess.run([binary(), "run", "--config", path], capture_output=True, text=True, timeout=20)
    assert run.returncode == 1 and "needs a certificate" in run.stderr
