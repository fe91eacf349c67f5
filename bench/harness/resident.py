"""Resident memory of a process tree in KiB: RSS counts shared pages in every process, PSS each page once."""

import pathlib
import re


def of_tree(pids):
    rss = pss = 0
    for pid in pids:
        text = pathlib.Path("/proc", str(pid), "smaps_rollup").read_text()
        rss += int(re.search(r"^Rss: +(\d+)", text, re.MULTILINE)[1])
        pss += int(re.search(r"^Pss: +(\d+)", text, re.MULTILINE)[1])
    return rss, pss
