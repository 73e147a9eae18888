"""Whether a gateway answers: OPTIONS at its own pace, and what its answers and its silence mean.

    asked ──any answer but 503──> up, asked again after `probe_seconds`
      └── silent, or 503 ──> asked again at once ──> silent, or 503 ──> down, asked again after `probe_seconds`

Over TCP a connection that is refused or lost is as silence, only sooner.

One lost packet is no verdict, one answer is: whatever the code (404, 403, 405), somebody is there. 503 is what a
gateway says that wants no calls now (RFC 3261 §21.5.4).
"""

from typing import Final, NamedTuple

ANSWER_SECONDS: Final = 2.0  # how long an OPTIONS is waited for
REPEAT_SECONDS: Final = 0.5  # it is sent again until then (RFC 3261 §17.1.2.2: T1), for a packet may be lost
_IN_A_ROW: Final = 2  # OPTIONS without an answer that make a gateway down
_UNAVAILABLE: Final = 503


class Verdict(NamedTuple):
    """A gateway's state has changed; `why` is for the log."""

    is_down: bool
    why: str


class Health:
    """One gateway's state; times are seconds, monotonic."""

    def __init__(self, now: float) -> None:
        self.is_down = False
        self.asked_at: float | None = None  # None: nothing is waited for
        self._next_at = now
        self._send_at = now
        self._failures = 0

    def sends(self, now: float) -> bool:
        """Say whether an OPTIONS, or its repetition, is to be sent now; it counts as sent."""
        if self.asked_at is None and now >= self._next_at:
            self.asked_at = self._send_at = now
        if self.asked_at is None or now < self._send_at:
            return False
        self._send_at = now + REPEAT_SECONDS
        return True

    def answered(self, code: int, now: float, every: float) -> Verdict | None:
        """Take the answer to the OPTIONS at hand; `every`: seconds between two."""
        if code == _UNAVAILABLE:
            return self.failed(now, every, "it answers 503")
        self.asked_at, self._next_at, self._failures = None, now + every, 0
        if self.is_down:
            self.is_down = False
            return Verdict(False, f"it answers {code}")
        return None

    def silent(self, now: float, every: float) -> Verdict | None:
        """Look whether the OPTIONS at hand has been waited for long enough."""
        if self.asked_at is None or now < self.asked_at + ANSWER_SECONDS:
            return None
        return self.failed(now, every, f"no answer in {ANSWER_SECONDS:g} s, {_IN_A_ROW} times")

    def failed(self, now: float, every: float, why: str) -> Verdict | None:
        """Take it that there is no answer to the OPTIONS at hand; `why`: for the log."""
        self.asked_at = None
        self._failures += 1
        self._next_at = now if self._failures < _IN_A_ROW else now + every
        if self.is_down or self._failures < _IN_A_ROW:
            return None
        self.is_down = True
        return Verdict(True, why)
