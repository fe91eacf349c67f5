"""Samples as Markdown: CPU per unit, and its ratio to PgBouncer taken round by round."""

import collections
import statistics

from harness.cpu import TICK_US
from harness.endpoints import REFERENCE

# Fewer ticks than these say nothing about how the time divides.
TICKS_FOR_A_SHARE = 40

COLUMNS = (
    "workload", "endpoint", "unit", "CPU us/unit", "user", "system", "ratio", "min..max", "units/s", "of direct",
)  # fmt: skip


def number(value):
    """Three significant digits, no exponent."""
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def ratios(samples, reference, value):
    """One per round in which both worked."""
    other = {sample.round: value(sample) for sample in reference if not sample.failure}
    return [
        value(sample) / other[sample.round]
        for sample in samples
        if not sample.failure and other.get(sample.round)
    ]  # fmt: skip


class Report:
    def __init__(self, workloads, endpoints, samples):
        self.workloads = workloads
        self.endpoints = endpoints  # names
        self.cells = {}
        for sample in samples:
            self.cells.setdefault((sample.workload, sample.endpoint), []).append(sample)

    def cell(self, workload, endpoint):
        return self.cells.get((workload, endpoint), [])

    def cpu_ratios(self, workload, endpoint):
        if endpoint == "direct":
            return []
        samples, reference = self.cell(workload, endpoint), self.cell(workload, REFERENCE)
        return ratios(samples, reference, lambda sample: sample.cpu_per_unit)

    def text(self):
        parts = ["## CPU per unit of work, ratio to PgBouncer (median)", self.summary()]
        for group in dict.fromkeys(workload.group for workload in self.workloads):
            lines = [self.row(w, name) for w in self.workloads if w.group == group for name in self.endpoints]
            parts += [f"## {group}", table(COLUMNS, lines)]
        return "\n\n".join(parts + self.counters())

    def counters(self):
        """Whether the policy was at work: a benchmark of a rewrite that never happened would look splendid."""
        lines = []
        for workload in self.workloads:
            for name in self.endpoints:
                sums = sum(
                    (collections.Counter(s.counted) for s in self.cell(workload.name, name)), collections.Counter()
                )
                if sums:
                    lines.append([workload.name, name, ", ".join(f"{key} {sums[key]}" for key in sorted(sums))])
        return (
            ["## What pgconcord counted, all rounds", table(("workload", "endpoint", "counters"), lines)]
            if lines
            else []
        )

    def summary(self):
        names = [name for name in self.endpoints if name != "direct"]
        lines = []
        for workload in self.workloads:
            found = [self.cpu_ratios(workload.name, name) for name in names]
            lines.append([workload.name, *(f"{statistics.median(f):.2f}" if f else "-" for f in found)])
        return table(("workload", *names), lines)

    def row(self, workload, endpoint):
        samples = self.cell(workload.name, endpoint)
        good = [sample for sample in samples if not sample.failure]
        if not good:
            why = samples[0].failure if samples else "not run"
            return [workload.name, endpoint, workload.unit, f"fails: {why.replace('|', '/')}", *["-"] * 6]
        rates = statistics.median(sample.rate for sample in good)
        to_direct = ratios(samples, self.cell(workload.name, "direct"), lambda sample: sample.rate)
        return [
            workload.name, endpoint, workload.unit, *self.cpu(good, endpoint), *self.spread(workload.name, endpoint),
            number(rates), f"{statistics.median(to_direct):.2f}" if to_direct else "-",
        ]  # fmt: skip

    def cpu(self, good, endpoint):
        """Median of the total; the division into user and system from all rounds together, for its coarse clock."""
        if endpoint == "direct":
            return ["-"] * 3
        total = statistics.median(sample.cpu_per_unit for sample in good)
        user, system = (sum(getattr(sample, name) for sample in good) for name in ("user_us", "system_us"))
        if user + system < TICKS_FOR_A_SHARE * TICK_US:
            return [number(total), "-", "-"]
        share = user / (user + system)
        return [number(total), number(total * share), number(total * (1 - share))]

    def spread(self, workload, endpoint):
        found = self.cpu_ratios(workload, endpoint)
        if not found:
            return ["-", "-"]
        return [f"{statistics.median(found):.2f}", f"{min(found):.2f}..{max(found):.2f}"]


def table(head, lines):
    rule = ["---"] * len(head)
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [head, rule, *lines])
