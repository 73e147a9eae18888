"""Waiting for a fact, with a deadline."""

import selectors
import time
from collections.abc import Callable, Iterable
from typing import TypeVar

S = TypeVar("S")


def until(fact: Callable[[], bool], seconds: float, every: float = 0.02) -> bool:
    """Return True as soon as `fact()` is true, False when it was not within `seconds`."""
    deadline = time.monotonic() + seconds
    while not fact():
        if time.monotonic() > deadline:
            return False
        time.sleep(every)
    return True


def readable(sources: Iterable[S], seconds: float | None = None) -> list[S]:
    """Return those of `sources` (sockets) from which something can be read, once there is one; [] after `seconds`.

    Not `select`, which knows no descriptor above 1023: a process that has run a thousand tests may hold more.
    """
    with selectors.PollSelector() as waiting:
        for source in sources:
            waiting.register(source, selectors.EVENT_READ, source)  # type: ignore[arg-type]
        return [key.data for key, _ in waiting.select(seconds)]
