"""An authority of the test's own and certificates that it signs, made by the openssl program in a temporary folder."""

import pathlib
import subprocess

NEW_KEY = {
    "ec": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
    "rsa": ["-newkey", "rsa:2048"],
    "ed25519": ["-newkey", "ed25519"],
}


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


class Identity:
    """A certificate and its key, as files that a server run by another user may read after `hand_to`."""

    def __init__(self, folder, name):
        self.cert = folder / f"{name}.crt"
        self.key = folder / f"{name}.key"

    def replace_by(self, other):
        """As a renewal does: new contents under the old names."""
        self.cert.write_bytes(other.cert.read_bytes())
        self.key.write_bytes(other.key.read_bytes())


class Authority(Identity):
    def __init__(self, folder, name="ca"):
        super().__init__(pathlib.Path(folder), name)
        self.folder = pathlib.Path(folder)
        openssl("req", "-x509", "-nodes", *NEW_KEY["ec"], "-days", 2, "-subj", f"/CN=test {name}",
                "-keyout", self.key, "-out", self.cert)  # fmt: skip
        self.cert.chmod(0o644)

    def issue(self, name, common_name="localhost", names=("DNS:localhost", "IP:127.0.0.1"), *, days=2, kind="ec"):
        identity = Identity(self.folder, name)
        request, extensions = self.folder / f"{name}.csr", self.folder / f"{name}.ext"
        openssl("req", "-new", "-nodes", *NEW_KEY[kind], "-subj", f"/CN={common_name}", "-keyout", identity.key,
                "-out", request)  # fmt: skip
        extensions.write_text(f"subjectAltName={','.join(names)}\n" if names else "keyUsage=digitalSignature\n")
        openssl("x509", "-req", "-in", request, "-CA", self.cert, "-CAkey", self.key, "-CAcreateserial",
                "-days", days, "-extfile", extensions, "-out", identity.cert)  # fmt: skip
        identity.key.chmod(0o600)
        return identity
