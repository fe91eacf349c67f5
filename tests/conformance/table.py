"""The table at the end of a suite, and its exit status."""

import sys


class Table:
    """One row per test, one column per round. A row is in order if every later column equals the first."""

    def __init__(self, title, columns, must_pass=False):
        self.title = title
        self.columns = columns
        self.must_pass = must_pass  # a row whose first cell tells of a failure is not in order either
        self.rows = []  # (name, cells, explanation)

    def add(self, name, cells, explained=""):
        self.rows.append((name, [str(cell) for cell in cells], explained))

    def differing(self):
        return [row for row in self.rows if len(set(row[1])) > 1 or (self.must_pass and row[1][0].startswith("FAILED"))]

    def unexplained(self):
        return [row for row in self.differing() if not row[2]]

    def print(self, full=True):
        shown = self.rows if full else self.differing()
        if not shown:
            return
        width = max([len(row[0]) for row in shown] + [len(self.title)])
        widths = [max([len(c)] + [len(row[1][i]) for row in shown]) for i, c in enumerate(self.columns)]

        def line(name, cells, note=""):
            padded = "  ".join(cell.ljust(w) for cell, w in zip(cells, widths, strict=True))
            print(f"{name.ljust(width)}  {padded}  {note}".rstrip())

        line(self.title, self.columns)
        for name, cells, explained in shown:
            same = all(cell == cells[0] for cell in cells)
            line(name, cells, "" if same else f"({explained})" if explained else "<-- differs")

    def finish(self, what):
        """Prints the verdict; returns the exit status."""
        bad, explained = self.unexplained(), len(self.differing()) - len(self.unexplained())
        counts = [
            f"{column} {sum(row[1][i] in ('ok', 'same') for row in self.rows)}" for i, column in enumerate(self.columns)
        ]
        print(f"\n{what}: {len(self.rows)} rows; ok: {', '.join(counts)}")
        print(f"{len(bad)} differ unexplained, {explained} explained")
        sys.stdout.flush()
        return 1 if bad or not self.rows else 0
