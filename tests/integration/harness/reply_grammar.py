"""Which replies a sequence of frontend messages may have, whatever its statements did: each message has the answer of its
kind, an error skips to the Sync, every Query, Sync and FunctionCall that was not skipped has one ReadyForQuery, and its
status fits (protocol.md 4.1 to 4.3, 4.31)."""

ANYTIME = "ANS"
COPY_INPUT = "dcfSH"


class NotInOrder(Exception):
    pass


def kinds(data):
    """The types of the frontend messages in `data`; `DS` and `DP` for the two kinds of Describe."""
    result, at = [], 0
    while at < len(data):
        kind = chr(data[at])
        result.append("D" + chr(data[at + 5]) if kind == "D" else kind)
        at += 1 + int.from_bytes(data[at + 1 : at + 5], "big")
    return result


class Reading:
    """Walks through what was sent and what came back, side by side."""

    def __init__(self, sent, received):
        self.sent, self.at_sent = sent, 0
        self.received, self.at = [m for m in received if m.kind not in ANYTIME], 0
        self.status = "I"
        self.failed = self.ended = False  # since the last ReadyForQuery; by a FATAL

    def peek(self):
        return self.received[self.at].kind if self.at < len(self.received) else "the end"

    def take(self, wanted, why):
        if self.peek() not in list(wanted):
            raise NotInOrder(f"message {self.at}: {self.peek()} instead of one of {wanted}, the answer of {why}")
        message = self.received[self.at]
        self.at += 1
        if message.kind == "E":
            self.failed = True
            self.ended = message.fields["V"] in ("FATAL", "PANIC")
        return message.kind

    def ready(self, why):
        message = self.received[self.at] if self.at < len(self.received) else None
        self.take("Z", why)
        status = message.body.decode()
        if self.failed and status == "T":
            raise NotInOrder(f"message {self.at - 1}: a block goes on behind an error")
        if status == "E" and not self.failed and self.status != "E":
            raise NotInOrder(f"message {self.at - 1}: a block has failed without an error")
        self.status, self.failed = status, False

    def copy_input(self):
        """What the server reads behind CopyInResponse: Sync and Flush are ignored. Behind an error the rest is stray."""
        while self.at_sent < len(self.sent) and self.sent[self.at_sent] in COPY_INPUT:
            self.at_sent += 1
            if self.sent[self.at_sent - 1] in "cf":
                return

    def statement(self, why, endings):
        """The results of one statement; True where it succeeded."""
        while True:
            kind = self.take("TDHdcGE" + endings, why)
            if kind == "E":
                return False
            if kind == "G":
                self.copy_input()
            elif kind in endings:
                return True

    def query(self):
        while self.peek() != "Z":
            if not self.statement("Query", "CI"):
                break
        if not self.ended:
            self.ready("Query")

    def one(self, kind):
        """Answers one message; False where the rest up to the Sync is skipped."""
        simple = {"P": "1", "B": "2", "C": "3", "DP": "Tn"}
        if kind in simple:
            return self.take(simple[kind] + "E", kind) != "E"
        if kind == "DS":
            return self.take("tE", kind) != "E" and self.take("TnE", kind) != "E"
        if kind == "E":
            return self.statement("Execute", "CIs")
        if kind.startswith("D"):
            return self.take("E", kind) != "E"
        if kind == "F" and self.take("VE", kind):
            self.ready(kind)
        elif kind == "Q":
            self.query()
        elif kind == "S":
            if self.peek() == "E":
                self.take("E", "Sync")
            if not self.ended:
                self.ready("Sync")
        elif kind not in "HdcfX":
            self.take("E", kind)
        return True

    def run(self):
        skipping = False
        while self.at_sent < len(self.sent) and not self.ended:
            kind = self.sent[self.at_sent]
            self.at_sent += 1
            if kind == "X":
                break
            if skipping and kind != "S":
                continue
            skipping = not self.one(kind)
        if self.peek() != "the end":
            raise NotInOrder(f"message {self.at}: {self.peek()} behind the last answer")


def check(sent, received):
    Reading(kinds(sent), received).run()
