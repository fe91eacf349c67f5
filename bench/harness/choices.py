"""Command-line options that several of the programs share."""

import argparse
import pathlib

from harness import endpoints
from harness.pgconcord import BINARY


def names_of(known):
    """An argparse type: names separated by commas, each of them known."""

    def parse(text):
        names = [name for name in text.split(",") if name]
        unknown = [name for name in names if name not in known]
        if unknown or not names:
            raise argparse.ArgumentTypeError(f"unknown: {', '.join(unknown) or 'nothing'}; known: {', '.join(known)}")
        return names

    return parse


def positive(kind):
    """An argparse type: a number of this kind above zero."""

    def parse(text):
        value = kind(text)
        if value <= 0:
            raise argparse.ArgumentTypeError(f"{text} is not above zero")
        return value

    return parse


def parser(description, default):
    result = argparse.ArgumentParser(description=description)
    known = list(endpoints.STARTERS)
    result.add_argument("--endpoints", type=names_of(known), default=default, metavar="NAMES",
                        help=f"of {', '.join(known)}")  # fmt: skip
    result.add_argument("--binary", type=pathlib.Path, default=BINARY, help="default: build/release/pgconcord")
    return result
