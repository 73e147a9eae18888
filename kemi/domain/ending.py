"""How the ringing ended, and whether an answer counts as one.

A voicemail, or a voice that says "not available", answers with a 200 too, and the call is soon over. A group may ask
that an answer stands for `min_talk_seconds` before it counts; until then nobody is told anything.

    ended after                    that time has passed (`stood`)    the answer    told by SMS
    -----------------------------  --------------------------------  ------------  -------------------------------
    (not yet)                      no                                waits         nobody yet
    (not yet)                      yes                               counts        the winner: answered
    min_talk_seconds, or longer    any                               counts        the winner: answered
    sooner                         no                                is false      every member offered: missed
    sooner, on the same clock      yes: the end was read too late    is false      the others: missed
    sooner, by another's clock     yes                               counts        the winner: answered

`stood` is what the ledger concludes by its own clock, once it has read everything up to then (`kemi.ledger.confirm`).
"""

from typing import Final, Literal, NamedTuple

from kemi.domain.events import Stamped
from kemi.domain.facts import Facts, ms_between, same_clock

Answer = Literal["none", "waits", "counts", "false"]


class End(NamedTuple):
    """How the ringing ended, and what that makes of a leg without an end of its own (None: it goes on)."""

    outcome: str
    at: Stamped | None = None
    leg_outcome: str | None = None
    leg_reason: str | None = None
    answer: Answer = "none"


_BY_CAUSE: Final = {
    "caller_gave_up": ("cancelled", "the caller hung up"),
    "not_sent": ("unreachable", "the INVITE could not be sent"),
}
# A call without other gateways to go on to writes down no end of a leg whose time is over: 503 is what its caller is
# told where nothing rang.
_SILENT: Final = ("unreachable", "its gateway was silent")


def end_of(facts: Facts, min_talk_seconds: int, *, interrupted: bool, stood: bool) -> End:
    """Say how the ringing of a call ended, by all that is known of it."""
    if facts.answered is not None:
        answer = _answer(facts, min_talk_seconds * 1000, stood=stood)
        return End("answered", facts.answered.when, "cancelled", "another member answered", answer)
    if facts.missed is not None:
        at, missed = facts.missed
        if missed.cause == "no_answer" and missed.code == 503 and not facts.rang:
            return End("missed", at, *_SILENT)
        return End("missed", at, *_BY_CAUSE.get(missed.cause, ("no_answer", None)))
    if interrupted:
        return End("interrupted", None, "interrupted", "the edge died while it rang")
    return End("ringing")


def _answer(facts: Facts, min_talk_ms: int, *, stood: bool) -> Answer:
    winner = facts.answered
    if winner is None or not min_talk_ms:
        return "counts"
    ended = facts.ended.get(winner.event.leg)
    if ended is None:
        return "counts" if stood else "waits"
    if ms_between(winner.when, ended.when) >= min_talk_ms:
        return "counts"
    # Another node's clock may be slow; ours saw the answer stand.
    return "counts" if stood and not same_clock(winner.when, ended.when) else "false"
