#!/usr/bin/env python3
"""Every rule of the wire protocol has a row in tests/README.md, and every file that a row names is there. A rule that does not
apply has a row as well, which says why."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests"
LAST = {1: 25, 2: 16, 3: 7, 4: 35, 5: 15, 6: 8, 7: 17, 8: 12}  # of each section
NUMBER = re.compile(r"(?<![\d.])(\d)\.(\d+)(?: to (\d)\.(\d+))?")
FILE = re.compile(r"`(?:tests/|unit/|wire/)?([\w/]+\.(?:cc|py|trace|test))`")


def rows():
    text = (TESTS / "README.md").read_text()
    text = text[text.index("## Rules of the wire protocol") :]
    return [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ") and " | " in line]


def numbers(rule):
    for section, first, to_section, last in NUMBER.findall(rule):
        end = int(last) if to_section == section else int(first)
        yield from ((int(section), n) for n in range(int(first), end + 1))


def main():
    table = [row for row in rows() if row[0] != "rule"]
    named = {number for row in table for number in numbers(row[0])}
    wanted = {(section, n) for section, last in LAST.items() for n in range(1, last + 1)}
    problems = [f"rule {section}.{n} has no row" for section, n in sorted(wanted - named)]
    problems += [f"there is no rule {section}.{n}" for section, n in sorted(named - wanted)]
    files = [str(path.relative_to(TESTS)) for path in TESTS.rglob("*") if path.is_file()]
    for name in sorted({name for row in table for name in FILE.findall(" ".join(row[1:]))}):
        if not any(path == name or path.endswith("/" + name) for path in files):
            problems.append(f"{name} is named and not there")
    for problem in problems:
        print(f"tests/README.md: {problem}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
