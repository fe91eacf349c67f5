"""INSERTs of which every second is a duplicate, in autocommit: pgbench gives up at the first error, this client goes on."""

import dataclasses
import math
import selectors
import time

from harness.outcome import Outcome, WorkloadFailed
from harness.wire import READY, ServerError, Session, query

CLIENT_KEYS = 10**12


@dataclasses.dataclass
class Limit:
    """When a client stops: as pgbench's -T and -t, after seconds or after a number of statements of its own."""

    deadline: float = math.inf
    statements: float = math.inf

    @staticmethod
    def of(amount):
        flag, value = amount
        return Limit(deadline=time.monotonic() + value) if flag == "-T" else Limit(statements=value)

    def reached(self, client):
        return client.sent >= self.statements or time.monotonic() >= self.deadline


@dataclasses.dataclass
class Client:
    session: Session
    first_key: int
    sent: int = 0
    received: bytes = b""

    def send(self):
        batch = self.first_key + self.sent // 2
        self.sent += 1
        self.session.socket.send(query(INSERT.format(batch=batch, amount=batch % 1000)))


INSERT = (
    "INSERT INTO bench (batch, line, name, amount, created) "
    "VALUES ({batch}, 1, 'a name of a row', {amount}, '2024-05-06 07:08:09+00')"
)


def run(port, clients, amount, absorbed):
    """`amount` as of pgbench.run. `absorbed`: whether a policy stands between, so that no error may come; else every second one has to be one."""
    selector = selectors.DefaultSelector()
    fleet = [Client(Session(port), CLIENT_KEYS * (number + 1)) for number in range(clients)]
    for client in fleet:
        selector.register(client.session.socket, selectors.EVENT_READ, client)
    started = time.monotonic()
    try:
        statements, errors = converse(selector, fleet, Limit.of(amount))
    finally:
        for client in fleet:
            client.session.close()
        selector.close()
    expected = 0 if absorbed else statements // 2
    if abs(errors - expected) > clients:
        raise WorkloadFailed(f"{errors} errors in {statements} statements, expected {expected}")
    return Outcome(statements, time.monotonic() - started)


def converse(selector, fleet, limit):
    """Keeps one statement of every client on its way until the limit, then waits for the last replies."""
    statements = errors = 0
    waiting = len(fleet)
    for client in fleet:
        client.send()
    while waiting:
        for key, _ in selector.select():
            client = key.data
            part = client.session.socket.recv(65536)
            if not part:
                raise ServerError("the connection was closed")
            client.received += part
            if not client.received.endswith(READY):
                continue
            statements += 1
            errors += client.received[:1] == b"E"
            client.received = b""
            if limit.reached(client):
                waiting -= 1
            else:
                client.send()
    return statements, errors
