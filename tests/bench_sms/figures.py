"""What was measured, and what was aimed at: reported, never a verdict."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from tests.percentile import percentiles

AIM_EVENTS: Final = 5000  # a second, spool to ledger
AIM_TEXTS: Final = 1000  # a second and sender process
AIM_P95_MS: Final = 250.0  # answer on the wire to request


class Spread(NamedTuple):
    """How a delay is spread, in ms."""

    number: int
    p50: float
    p95: float
    p99: float
    most: float


class Events(NamedTuple):
    """Spool to ledger."""

    events: int
    calls: int
    notifications: int
    seconds: float
    cpu: float  # CPU-s of the writer

    @property
    def rate(self) -> float:
        """Events a second."""
        return self.events / self.seconds


class Texts(NamedTuple):
    """Queue to provider."""

    senders: int
    texts: int
    seconds: float
    cpu: float  # CPU-s of all senders

    @property
    def rate(self) -> float:
        """SMS a second."""
        return self.texts / self.seconds


class Three(NamedTuple):
    """What other calls see: before, while the callers hang up, and while the SMS go out."""

    before: Spread
    during: Spread
    after: Spread


class Storm(NamedTuple):
    """Callers who hang up while it rings, and what other calls notice of it."""

    calls: int
    hung_up_seconds: float  # from the first CANCEL to the last
    to_cancel: Spread  # CANCEL to its 200
    to_end: Spread  # CANCEL to the call's 487
    lost: int  # calls without a 487
    trying: "Three"  # INVITE to 100 of the other calls
    ringing: "Three"  # INVITE to 180
    texts: int
    texts_seconds: float  # from the last CANCEL to the last SMS


def spread(delays: Sequence[float]) -> Spread:
    """Return how `delays` (s) are spread; of none, zeros."""
    if not delays:
        return Spread(0, 0.0, 0.0, 0.0, 0.0)
    p50, p95, p99, most = (delay * 1000 for delay in percentiles(delays, 50, 95, 99, 100))
    return Spread(len(delays), p50, p95, p99, most)
