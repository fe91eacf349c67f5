"""The rounds of a suite: directly first, then through proxies whose policies differ. Every round has its own cluster, so
that roles and databases of one round are unknown to the next."""

import contextlib
from typing import NamedTuple

import places  # noqa: F401
from harness.postgres_server import PostgresServer
from harness.proxy_process import ProxyProcess, configuration

ELSEWHERE = """
- name: elsewhere
  table: public.no_table_of_any_suite
  constraint: no_constraint_of_any_suite
  action: do_nothing
"""


class Round(NamedTuple):
    name: str
    mode: str  # of the proxy; empty: no proxy
    policies: str = ""


DIRECT = Round("direct", "")
OFF = Round("off", "off", ELSEWHERE)
UNRELATED = Round("unrelated", "enforce", ELSEWHERE)


class Ended(NamedTuple):
    """What a round left behind besides its results."""

    warnings: list  # lines of the proxy's own log that tell of trouble


@contextlib.contextmanager
def server_for(this_round):
    """Yields (server, port to connect to, ended): `ended` is filled when the block is left."""
    server = PostgresServer()
    ended = Ended([])
    try:
        server.start()
        if not this_round.mode:
            yield server, server.port, ended
        else:
            config = configuration(f"127.0.0.1:{server.port}", this_round.policies, this_round.mode)
            proxy = ProxyProcess(config)
            try:
                yield server, proxy.start().port, ended
            finally:
                ended.warnings.extend(trouble(proxy.output()))
                proxy.discard()
    finally:
        server.stop()


def trouble(log):
    return [line for line in log.splitlines() if "desync" in line or "[error]" in line or " error " in line]
