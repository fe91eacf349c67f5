"""Prometheus text -> values. `samples["name"]` maps a frozenset of (label, value) pairs to the number."""

import re
import urllib.request

LINE = re.compile(r"^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"')
UNESCAPED = {"\\n": "\n", '\\"': '"', "\\\\": "\\"}


def unescape(text):
    return re.sub(r'\\[n"\\]', lambda match: UNESCAPED[match.group()], text)


class Exposition:
    def __init__(self, text):
        self.text = text
        self.samples = {}
        for line in text.splitlines():
            if line and not line.startswith("#"):
                match = LINE.match(line)
                assert match, f"not an exposition line: {line!r}"
                name, labels, value = match.groups()
                key = frozenset((k, unescape(v)) for k, v in LABEL.findall(labels or ""))
                assert key not in self.samples.setdefault(name, {}), f"series twice: {line!r}"
                self.samples[name][key] = float(value)

    def series(self, name, **labels):
        """Series of `name` that carry these labels, as {frozenset of labels: value}."""
        wanted = {(key, value) for key, value in labels.items()}
        found = self.samples.get("pgconcord_" + name, {})
        return {key: value for key, value in found.items() if wanted <= key}

    def total(self, name, **labels):
        return sum(self.series(name, **labels).values())

    def nonzero(self, name, *kept, **labels):
        """{(value of each kept label): number} of the series that are not 0; one label gives plain keys."""
        result = {}
        for key, value in self.series(name, **labels).items():
            values = dict(key)
            short = tuple(values.get(label) for label in kept)
            short = short[0] if len(kept) == 1 else short
            if value:
                result[short] = result.get(short, 0) + value
        return result


def scrape(address):
    with urllib.request.urlopen(f"http://{address}/metrics", timeout=10) as reply:
        return Exposition(reply.read().decode())
