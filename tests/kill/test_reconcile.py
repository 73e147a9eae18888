"""The reconciler finds what is planted: a check that cannot fail is worthless."""

from dataclasses import replace
from typing import Any, Final

import pytest

from tests.kill.evidence import CallRow, Evidence, LegRow, ToldRow
from tests.kill.faults import BEFORE_POST, BEFORE_RECORD, FAULTS, WHILE_RINGING, WHILE_TALKING, Fault
from tests.kill.made_up import call_id, evidence, leg_id, packet, tag
from tests.kill.planting import (
    ALL_REFUSE,
    GIVES_UP,
    HANGS_UP,
    NO_HOTLINE,
    NOBODY,
    TALKS,
    TWO_ANSWER,
    WITHHELD,
    Change,
    forgotten,
    leg,
    lost,
    post_of,
    posts,
    row,
    run,
    seen,
    told,
    twice,
)  # fmt: skip
from tests.kill.reconcile import reconcile

CALLER: Final = evidence().plan.stories[TALKS].caller
NEGATIVE: Final = packet("to caller", call_id(TALKS), "SIP/2.0 480 No", "1 INVITE", "edge", 0.4)
YES: Final = packet("to caller", call_id(NOBODY), "SIP/2.0 200 OK", "1 INVITE", tag(NOBODY, 0), 0.4)
STRANGER: Final = packet("to member", "L990@e", "INVITE sip:0999999999@g SIP/2.0", "1 INVITE", "", 0.1)
LEAK: Final = packet("to member", leg_id(0, 0), "INFO sip:z@e SIP/2.0", "3 INFO", "t", 0.6, ("Subject", CALLER))

PLANTED: Final[dict[str, tuple[Change, str]]] = {
    "the fault did not strike": (run(struck=False), "did not strike"),
    "something never came to rest": (run(unsettled="call x rings"), "never came to rest: call x rings"),
    "a counter that is stuck": (run(miscounted="h1 counts 1 of 0"), "counters are wrong: h1 counts 1 of 0"),
    "a dead letter": (run(dead_letters=1), "1 dead letters"),
    "an event not read": (run(unread=["kill-1.jsonl: 1 of 2 bytes"]), "not read to its end"),
    "a call not placed": (lost("from caller", call_id(TALKS), "INVITE"), "talks: was never placed"),
    "a call missing in the ledger": (forgotten(TALKS), "talks: is on the wire, not in the ledger"),
    "a refused call missing": (forgotten(NO_HOTLINE), "no such hotline: is on the wire, not in the ledger"),
    "a call twice in the ledger": (twice(TALKS), "talks: is in the ledger 2 times"),
    "a call that nobody placed": (row(NOBODY, sip_call_id="nobody"), "that nobody placed"),
    "a call that came at another time": (row(TALKS, arrived=1e9), "talks: arrived in the ledger when no INVITE"),
    "an answered call said missed": (row(TALKS, outcome="missed", reason="no_answer", final_code=480), "got a 200"),
    "an answered call said interrupted": (row(TALKS, outcome="interrupted", final_code=None), "got a 200"),
    "a call that still rings": (row(TALKS, outcome="ringing", final_code=None), "talks: ended as"),
    "a missed call said answered": (row(NOBODY, outcome="answered", final_code=200), "nobody answers: got [480]"),
    "a missed call of another cause": (row(NOBODY, reason="all_refused"), "nobody answers: ended as"),
    "another final code": (row(ALL_REFUSE, final_code=486), "all refuse: got [480], the ledger says missed 486"),
    "another winner": (row(TALKS, answered_leg=1), "the ledger says leg 1 answered"),
    "another winner's leg": (leg(TALKS, 0, outcome="cancelled"), "talks: was answered by"),
    "a second answer untold": (leg(TWO_ANSWER, 2, outcome="cancelled"), "whose leg is cancelled"),
    "an answer of nobody's": (leg(TALKS, 0, sip_call_id="L9@e"), "that no leg of the ledger gave"),
    "no final reply": (lost("to caller", call_id(NOBODY), "SIP/2.0 480"), "nobody answers: got no final reply"),
    "no 200": (lost("to caller", call_id(TALKS), "SIP/2.0 200 OK / INVITE"), "talks: got no final reply"),
    "a 200 to a missed call": (seen(YES), "nobody answers: got a 200, the ledger says missed"),
    "a refusal of an answered call": (seen(NEGATIVE), "talks: got [480], the ledger says answered 200"),
    "a leg that the ledger does not know": (seen(STRANGER), "in the ledger 0 times"),
    "a leg to another number": (leg(TALKS, 1, number="0900000000"), "the ledger says 0900000000"),
    "a leg that never left": (lost("to member", leg_id(NOBODY, 1), "INVITE"), "that never left"),
    "a ring that was not": (
        lost("from member", leg_id(NOBODY, 1), "SIP/2.0 180"),
        "rang in the ledger, not on the wire",
    ),
    "a ring untold": (row(NOBODY, legs=()), "the ledger knows of nobody who rang"),
    "a refusal that was not": (lost("from member", leg_id(ALL_REFUSE, 0), "SIP/2.0 486"), "is busy 486 in the ledger"),
    "an answer that was not": (leg(NOBODY, 0, outcome="answered", code=200), "answered 200 in the ledger, not on the"),
    "a CANCEL that was not": (
        lost("from caller", call_id(GIVES_UP), "CANCEL"),
        "gave up in the ledger, not on the wire",
    ),
    "losers cancelled by nobody": (row(TWO_ANSWER, outcome="missed"), "was cancelled because another answered"),
    "a BYE that did not arrive": (lost("to member", leg_id(HANGS_UP, 1), "BYE"), "did not arrive at the other side"),
    "a member's BYE that did not arrive": (
        lost("to caller", call_id(TALKS), "BYE"),
        "did not arrive at the other side",
    ),
    "a second answer's BYE": (lost("to member", leg_id(TWO_ANSWER, 2), "BYE"), "did not arrive at the other side"),
    "a BYE without its 200": (lost("to caller", call_id(HANGS_UP), "SIP/2.0 200 OK / BYE"), "got no 200"),
    "a BYE untold": (row(HANGS_UP, ended_by=None), "was ended by the caller, the ledger says None"),
    "a BYE of the other side": (row(HANGS_UP, ended_by="member"), "ended by the member in the ledger, not on the wire"),
    "a notification missing": (row(NOBODY, told=()), "is to be told ('missed', 'accepted'), the ledger says None"),
    "a notification too many": (row(TALKS, told=evidence().calls[NOBODY].told), "is to be told None"),
    "a notification twice": (row(TALKS, told=2 * evidence().calls[TALKS].told), "has 2 notifications of one call"),
    "a notification that stays queued": (told(NOBODY, 0, state="queued"), "the ledger says ('missed', 'queued')"),
    "a notification given up": (told(NOBODY, 0, state="failed"), "the ledger says ('missed', 'failed')"),
    "a notification of another kind": (told(NOBODY, 0, kind="answered"), "the ledger says ('answered', 'accepted')"),
    "a withheld caller told of": (told(WITHHELD, 0, state="accepted"), "the ledger says ('missed', 'accepted')"),
    "a landline told": (told(NOBODY, 2, state="accepted"), "the ledger says ('missed', 'accepted')"),
    "a lost SMS": (posts(lambda all_: all_[1:]), "was received 0 times"),
    "a doubled SMS": (posts(lambda all_: [*all_, all_[0]]), "was received 2 times"),
    "an SMS that nobody asked for": (post_of(0, id="999"), "SMS 999: no notification of the ledger asked for it"),
    "an SMS to somebody else": (post_of(0, to="0900000000"), "went to 0900000000"),
    "an SMS with another time": (post_of(4, text=evidence().posts[4]["text"].replace("19:09", "12:09")), "12:09"),
    "an SMS with another number": (post_of(0, text="(vContact) Ban vua nhan cuoc goi tu so 0900000000."), "0900000000"),
    "an SMS to a landline": (post_of(0, id=f"{NOBODY}2", to="028"), "went to a landline"),
    "an SMS of a withheld caller": (post_of(0, id=f"{WITHHELD}0"), "tells of a caller who withheld his number"),
    "a request of unknown fate": (told(NOBODY, 0, unknown=1), "1 requests to the provider have an unknown fate, 0"),
    "a leak": (seen(LEAK), "leak: "),
}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_run_in_which_nothing_is_wrong_has_no_discrepancy(fault: Fault) -> None:
    expected = ["0 requests to the provider have an unknown fate, 1 should"] if fault.part == "sender" else []
    assert reconcile(evidence(fault)) == expected


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_discrepancy_is_found(name: str) -> None:
    change, words = PLANTED[name]
    problems = reconcile(change(evidence()))
    assert any(words in problem for problem in problems), problems


def test_after_a_post_of_unknown_fate_that_one_sms_may_come_twice_no_other_and_not_thrice() -> None:
    unknown = told(TALKS, 0, unknown=1)(evidence(BEFORE_RECORD))
    assert reconcile(unknown) == []
    assert reconcile(posts(lambda all_: [*all_, all_[0]])(unknown)) == []
    assert "2 times" in reconcile(posts(lambda all_: [*all_, all_[1]])(unknown))[0]
    assert "3 times" in reconcile(posts(lambda all_: [*all_, all_[0], all_[0]])(unknown))[0]


def test_a_sender_killed_before_its_post_doubles_nothing() -> None:
    claimed = told(TALKS, 0, unknown=1)(evidence(BEFORE_POST))
    assert reconcile(claimed) == []
    assert "2 times" in reconcile(posts(lambda all_: [*all_, all_[0]])(claimed))[0]


def interrupted(fault: Fault = WHILE_RINGING) -> Evidence:
    """A run in which the edge died while `nobody answers` rang."""
    died = row(NOBODY, outcome="interrupted", reason="the edge died while it rang", final_code=None)(evidence(fault))
    died = replace(died, calls=[_unfinished(one) if n == NOBODY else one for n, one in enumerate(died.calls)])
    return lost("to caller", call_id(NOBODY), "SIP/2.0 480")(died)


def _unfinished(call: CallRow) -> CallRow:
    return replace(call, legs=tuple(replace(one, outcome="interrupted") for one in call.legs))


def test_a_call_may_be_interrupted_where_the_edge_died_and_only_there() -> None:
    assert reconcile(interrupted()) == []
    assert reconcile(interrupted(BEFORE_POST))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (row(NOBODY, told=()), "is to be told ('missed', 'accepted')"),
        (posts(lambda all_: all_[:-1]), "was received 0 times"),
        (seen(YES), "got a 200, the ledger says interrupted"),
        (seen(packet("to caller", call_id(NOBODY), "SIP/2.0 486 No", "1 INVITE", "e", 0.4)), "got [486]"),
    ],
)
def test_of_an_interrupted_call_everybody_is_told_and_the_caller_was_not(change: Change, words: str) -> None:
    assert any(words in problem for problem in reconcile(change(interrupted())))


def test_an_event_may_exist_without_its_message_where_the_edge_died_never_the_reverse() -> None:
    answered = evidence(WHILE_TALKING)
    unheard = lost("to caller", call_id(TALKS), "SIP/2.0 200 OK / INVITE")(answered)
    unheard = row(TALKS, ended_by=None)(unheard)
    assert reconcile(unheard) == []
    assert reconcile(row(TALKS, outcome="interrupted", final_code=None)(answered))


def first_try(**fields: Any) -> Change:
    """The edge died when it had written down the call, and before anything left: the caller repeated his INVITE."""
    legs = tuple(LegRow(n, f"F{n}@e", number, "interrupted") for n, number in enumerate(_members(NOBODY)))
    told_of = evidence().calls[NOBODY].told
    notifications = tuple(replace(one, id=f"1{one.id}") for one in told_of)
    first = {"instance": "kill-0", "outcome": "interrupted", "reason": None, "final_code": None, "legs": legs}
    return twice(NOBODY, **{**first, "told": notifications, **fields})


def _members(index: int) -> list[str]:
    return [one.number for one in evidence().calls[index].legs]


def _with_posts(one: Evidence) -> Evidence:
    again = [{**post, "id": f"1{post['id']}"} for post in one.posts if post["id"].startswith(str(NOBODY))]
    return replace(one, posts=[*one.posts, *again])


def test_a_caller_who_repeats_his_invite_to_a_new_start_of_the_edge_is_a_second_call() -> None:
    died = _with_posts(evidence(WHILE_RINGING))
    assert reconcile(first_try()(died)) == []
    assert any("by one start of the edge" in one for one in reconcile(first_try(instance="kill-1")(died)))
    assert any("once as answered" in one for one in reconcile(first_try(outcome="answered")(died)))
    rang = packet("to member", "F0@e", f"INVITE sip:{_members(NOBODY)[0]}@g SIP/2.0", "1 INVITE", "", 0.1)
    assert any("and both rang" in one for one in reconcile(seen(rang)(first_try()(died))))


def test_who_is_told_is_not_taken_from_the_ledger_alone() -> None:
    """Somebody whom the ledger made up is not one of the members."""
    stranger = ToldRow("99", "0900000000", "missed", "accepted")
    odd = row(NOBODY, told=(*evidence().calls[NOBODY].told, stranger))(evidence())
    assert any("0900000000 is to be told None" in problem for problem in reconcile(odd))
