"""What a leg's answer means, and what the caller is told when nobody answers.

tm would pick a code by its own ranking (486+404+503 gave 404); ours is this table. A leg that could not be reached says
nothing of the people: where others said something, it does not count.

    what the legs said                                  the caller gets
    --------------------------------------------------  ---------------------------
    he hung up himself                                  487 Request Terminated
    no gateway could be reached                         503 Service Unavailable: the trunk may try another edge
    all busy, or some busy and the others declined      486 Busy Here: later there may be somebody
    all declined                                        the group's `all_refused_code`: 603 Decline, or 480
    all want longer session timers                      422, and how long (RFC 4028 §7.3: he asks again)
    anything else: somebody just rang, is not found …   480 Temporarily Unavailable

Never 404 or 410: the hotline does exist. Never a leg's 3xx, 401 or 407: they name numbers, or ask for our password.
"""

from typing import Final

from kemi.domain.events import LegFailure, MissedCause

BUSY, DECLINED, UNREACHABLE, OTHER, TOO_BRIEF = 1, 2, 4, 8, 16  # bits: what has been seen of the legs so far
ALL_REFUSED: Final = 603  # external_group.all_refused_code where nobody has chosen

_REASONS: Final[dict[int, LegFailure]] = {
    403: "rejected",
    404: "not_found",
    408: "no_answer",
    410: "not_found",
    480: "no_answer",
    484: "not_found",
    486: "busy",
    487: "no_answer",
    600: "busy",
    603: "declined",
    604: "not_found",
    607: "declined",
}
_CODES: Final = {BUSY: 486, BUSY | DECLINED: 486, UNREACHABLE: 503, TOO_BRIEF: 422}
_BITS: Final[dict[LegFailure, int]] = {"busy": BUSY, "declined": DECLINED, "unreachable": UNREACHABLE}


def leg_failure(code: int) -> LegFailure:
    """Name the negative final `code` (300–699) of a leg (RFC 3261 §21)."""
    named = _REASONS.get(code)
    if named is not None:
        return named
    if code < 400:
        return "moved"
    return "unreachable" if 500 <= code < 600 else "rejected"


def seen_bit(reason: LegFailure, code: int) -> int:
    """Return the bit that stands for `reason`, or for its `code`, in what the call has seen."""
    return TOO_BRIEF if code == 422 else _BITS.get(reason, OTHER)


def final_code(seen: int, all_refused_code: int = ALL_REFUSED) -> int:
    """Return the caller's final code, given the bits of what the legs said; `all_refused_code`: where all declined."""
    said = seen & ~UNREACHABLE or seen
    return all_refused_code if said == DECLINED else _CODES.get(said, 480)


def missed_cause(*, canceled: bool, timed_out: bool, seen: int) -> MissedCause:
    """Say why a call was missed."""
    if canceled:
        return "caller_gave_up"
    return "no_answer" if timed_out or seen in {0, OTHER} else "all_refused"
