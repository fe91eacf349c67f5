"""TLS as a test client speaks it, and how a listener with TLS is configured."""

import contextlib
import ssl

from harness import messages
from harness.wire_client import WireClient

SSL_IN_USE = "SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()"


def listener(identity, mode="require", address='"127.0.0.1:0"', more=""):
    return f'{address}\n    tls: {{mode: {mode}, cert: "{identity.cert}", key: "{identity.key}"{more}}}'


def client_context(authority=None, alpn=()):
    context = ssl.create_default_context(cafile=authority.cert if authority else None)
    if not authority:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if alpn:
        context.set_alpn_protocols(list(alpn))
    return context


class TlsWireClient(WireClient):
    """`direct` skips the SSLRequest."""

    def __init__(self, port, context, direct=False, timeout=30.0):
        super().__init__(("127.0.0.1", port), timeout)
        if not direct:
            self.send(messages.SSL_REQUEST)
            assert self.read_exactly(1) == b"S"
        self.socket = context.wrap_socket(self.socket, server_hostname="localhost")


class BioClient(WireClient):
    """Shows the ciphertext: TLS over memory, the socket in the test's hands."""

    def __init__(self, port, request=messages.SSL_REQUEST, timeout=30.0):
        super().__init__(("127.0.0.1", port), timeout)
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = client_context().wrap_bio(self.incoming, self.outgoing, server_hostname="localhost")
        with contextlib.suppress(ssl.SSLWantReadError):
            self.tls.do_handshake()
        self.socket.sendall(request)

    def hello(self):
        return self.outgoing.read()

    def shake_hands(self, send):
        """After the `S`; `send` gets each flight."""
        assert self.socket.recv(1) == b"S"
        while True:
            send(self.outgoing.read())
            try:
                self.tls.do_handshake()
                return send(self.outgoing.read())
            except ssl.SSLWantReadError:
                self.incoming.write(self.socket.recv(1 << 16))

    def encrypted(self, plain):
        self.tls.write(plain)
        return self.outgoing.read()

    def send(self, *parts):
        self.socket.sendall(self.encrypted(b"".join(parts)))
        return self

    def read_exactly(self, size):
        while len(self.buffer) < size:
            try:
                plain = self.tls.read(1 << 16)
                if not plain:
                    raise EOFError
                self.buffer += plain
            except ssl.SSLWantReadError:
                data = self.socket.recv(1 << 16)
                if not data:
                    raise EOFError from None
                self.incoming.write(data)
        data, self.buffer = self.buffer[:size], self.buffer[size:]
        return data


def lives(process, database, **options):
    with process.connect(database, **{"sslmode": "require", **options}) as connection:
        return connection.execute("SELECT 1").fetchone() == (1,)


def told(start):
    """The SQLSTATE with which a log-in ends, or Z."""
    with WireClient(("127.0.0.1", start.port)) as client:
        last = client.log_in(database="postgres")[-1]
        return last.fields["C"] if last.kind == "E" else last.kind
