"""Waiting for a fact, with a deadline."""

import time
from collections.abc import Callable


def until(fact: Callable[[], bool], seconds: float, every: float = 0.02) -> bool:
    """Return True as soon as `fact()` is true, False when it was not within `seconds`."""
    deadline = time.monotonic() + seconds
    while not fact():
        if time.monotonic() > deadline:
            return False
        time.sleep(every)
    return True
