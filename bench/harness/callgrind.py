"""Callgrind: instructions in user space, function by function, of an endpoint that runs a fixed number of statements.

Two runs with different numbers are subtracted: start-up, sessions coming and going and the end cancel out.
"""

import collections
import re
import subprocess

from harness.endpoints import program

STRING_VIEW = "std::basic_string_view<char, std::char_traits<char> >"
LINE = re.compile(r"^\s*([\d,]+) \(\s*[\d.]+%\)\s+(.*)$")


def prefix(profile):
    return (program("valgrind"), "--tool=callgrind", f"--callgrind-out-file={profile}", "--quiet")


def function_name(place):
    """`file:function [object]` without file and object; what has no name goes by its object."""
    place, _, rest = place.partition(" [")
    name = (place.partition(":")[2] or place).replace(STRING_VIEW, "std::string_view")
    return f"{name} in {rest.rpartition('/')[2].rstrip(']')}" if name.startswith(("0x", "???")) else name


def costs(profile, inclusive):
    """Instructions by function name, and their total."""
    annotate = [program("callgrind_annotate"), "--threshold=100", "--auto=no",
                f"--inclusive={'yes' if inclusive else 'no'}", str(profile)]  # fmt: skip
    text = subprocess.run(annotate, capture_output=True, text=True, check=True).stdout
    found, total = collections.Counter(), 0
    for line in text.splitlines():
        match = LINE.match(line)
        if not match:
            continue
        number = int(match[1].replace(",", ""))
        if match[2].startswith("PROGRAM TOTALS"):
            total = number
        else:
            found[function_name(match[2])] += number
    return found, total


def per_statement(fewer, more, statements, inclusive):
    """`fewer`, `more`: profiles; `statements`: how many more. Functions by cost, and the sum of all self costs."""
    low, low_total = costs(fewer, inclusive)
    high, high_total = costs(more, inclusive)
    found = {name: (high[name] - low[name]) / statements for name in high}
    return sorted(found.items(), key=lambda item: -item[1]), (high_total - low_total) / statements
