"""Runs the blocks of a case file over a wire client, in the simple or the extended protocol, and returns every message."""

from harness import messages

SIMPLE, EXTENDED_TEXT, EXTENDED_BINARY = "simple", "extended-text", "extended-binary"
PROTOCOLS = (SIMPLE, EXTENDED_TEXT, EXTENDED_BINARY)


def request(block, protocol):
    if protocol == SIMPLE:
        return messages.query(block.sql)
    formats = (1,) if protocol == EXTENDED_BINARY else ()
    prefix = messages.parse(block.sql) + messages.describe_statement() + messages.bind(result_formats=formats)
    return prefix + messages.describe_portal() + messages.execute() + messages.FLUSH


def answer_copy(client, block):
    if block.copy_data:
        client.send(messages.copy_data(block.copy_data))
    client.send(messages.copy_fail("given up") if block.copy_fails else messages.COPY_DONE)


def run_block(client, block, protocol):
    """In the extended protocol Sync is sent after the Execute was answered or its COPY was fed: the server's number of
    ReadyForQuery would depend on the data otherwise (protocol.md 4.31)."""
    client.send(request(block, protocol))
    received, synced = [], protocol == SIMPLE
    while True:
        message = client.read_message()
        received.append(message)
        if message.kind == "G":
            answer_copy(client, block)
        if not synced and message.kind in "GCEIs":
            client.send(messages.SYNC)
            synced = True
        elif message.kind == "Z":
            return received


def run_case(client, blocks, protocol):
    received = []
    for block in blocks:
        received += run_block(client, block, protocol)
    return received
