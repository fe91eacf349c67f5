"""Adds up JUnit files: prints `N passed, N failed, N skipped` and exits 1 unless something passed and nothing failed."""

import argparse
import pathlib
import sys
import xml.etree.ElementTree


def outcome(case):
    """ctest marks a test in its `status`, pytest with child elements."""
    if case.find("failure") is not None or case.find("error") is not None or case.get("status") == "fail":
        return "failed"
    if case.find("skipped") is not None or case.get("status") in ("disabled", "notrun"):
        return "skipped"
    return "passed"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--failed-steps", type=int, default=0, help="steps that failed, with or without results")
    parser.add_argument("files", nargs="*", type=pathlib.Path)
    arguments = parser.parse_args()

    count = {"passed": 0, "failed": 0, "skipped": 0}
    for file in filter(pathlib.Path.exists, arguments.files):
        for case in xml.etree.ElementTree.parse(file).iter("testcase"):
            count[outcome(case)] += 1
    if count["failed"] < arguments.failed_steps and count["failed"] == 0:
        count["failed"] = arguments.failed_steps
    print(f"{count['passed']} passed, {count['failed']} failed, {count['skipped']} skipped")
    sys.exit(1 if count["failed"] or not count["passed"] else 0)


if __name__ == "__main__":
    main()
