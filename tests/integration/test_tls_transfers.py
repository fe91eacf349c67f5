"""Much data over TLS, in both directions, with peers that do not read."""

import select
import threading
import time

from harness import messages
from harness.tls_clients import SSL_IN_USE, BioClient, TlsWireClient, client_context


class TestLargeTransfers:
    def test_large_values_both_ways(self, secure_proxy, database):
        with secure_proxy().connect(database, sslmode="require") as connection:
            text = "x" * (20 << 20)
            assert connection.execute("SELECT length(%s)", [text]).fetchone() == (len(text),)
            assert connection.execute("SELECT repeat('y', 20000000)").fetchone()[0] == "y" * 20_000_000

    def test_twenty_megabytes_are_sent_before_the_first_byte_is_read(self, secure_proxy, database):
        with BioClient(secure_proxy().port, timeout=90) as client:
            client.shake_hands(client.socket.sendall)
            client.log_in(database=database)
            one = messages.parse("SELECT $1::text") + messages.bind(["z" * 20000]) + messages.execute()
            ciphertext = client.encrypted(one * 1000 + messages.SYNC)
            writer = threading.Thread(target=client.socket.sendall, args=(ciphertext,))
            writer.start()
            received = client.read_until_ready()
            writer.join()
            assert sum(m.kind == "D" for m in received) == 1000

    def test_a_slow_reader_does_not_fill_the_memory(self, secure_proxy, database):
        process = secure_proxy()
        with TlsWireClient(process.port, client_context(), timeout=90) as client:
            client.log_in(database=database)
            before = process.memory_mb()
            client.send(messages.query("SELECT repeat('x', 100000) FROM generate_series(1, 400)"))
            select.select([client.socket], [], [], 20)
            time.sleep(0.5)  # 40 MB would have arrived by now if nobody held them back
            assert process.memory_mb() - before < 15
            assert sum(m.kind == "D" for m in client.read_until_ready()) == 400

    def test_the_servers_leg(self, securing_proxy, tls_server):
        database = tls_server.fresh_database("large")
        with securing_proxy("mode: require").connect(database) as connection:
            text = "x" * (20 << 20)
            assert connection.execute("SELECT length(%s)", [text]).fetchone() == (len(text),)
            assert connection.execute("SELECT repeat('y', 20000000)").fetchone()[0] == "y" * 20_000_000
            assert connection.execute(SSL_IN_USE).fetchone() == (True, "TLSv1.3")
