"""Polling with a deadline: tests never sleep and hope."""

import time


def wait_until(condition, what, seconds=10.0):
    """Returns the first true value of `condition()`; AssertionError naming `what` after the deadline."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.01)
