"""What may be killed, and when: every fault of the kill tests by its name."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

Part = Literal["kamailio", "ledger", "sender", "watch"]


@dataclass(frozen=True)
class Fault:
    """One way to die. `part` is killed at `point`, the n-th time it comes there; n is from 1 to `most`.

    `most` is how often a run comes there at least (tests/kill/stories.py), so that every fault happens.
    """

    name: str
    part: Part
    point: str
    most: int


WORKER: Final = tuple(
    Fault(f"worker after '{kind}'", "kamailio", kind, most)
    for kind, most in {
        "received": 8, "rang": 8, "failed": 3, "answered": 4, "answered_elsewhere": 1, "missed": 4, "ended": 3,
        "refused": 2,
    }.items()
)  # fmt: skip
WHILE_RINGING: Final = Fault("kamailio while ringing", "kamailio", "ringing", 5)
WHILE_TALKING: Final = Fault("kamailio while talking", "kamailio", "talking", 2)
WATCH: Final = Fault("watch while talking", "watch", "talking", 2)
BEFORE_COMMIT: Final = Fault("ledger before its commit", "ledger", "before", 4)
AFTER_COMMIT: Final = Fault("ledger after its commit", "ledger", "after", 4)
BEFORE_POST: Final = Fault("sender before its POST", "sender", "claimed", 6)
BEFORE_RECORD: Final = Fault("sender before its record", "sender", "posted", 6)
FAULTS: Final[Sequence[Fault]] = (
    *WORKER, WHILE_RINGING, WHILE_TALKING, BEFORE_COMMIT, AFTER_COMMIT, BEFORE_POST, BEFORE_RECORD, WATCH,
)  # fmt: skip
