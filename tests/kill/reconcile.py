"""Three tellings of one run (wire, ledger, SMS provider) and its plan: whatever does not fit, in words.

Pure: what it finds is shown on made-up evidence in tests/kill/test_reconcile.py, one planted discrepancy each.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from tests.kill import check_calls, check_sms
from tests.kill.evidence import Evidence
from tests.kill.traffic import Traffic
from tests.kill.view import View, views
from tests.leaks import find_leaks


def reconcile(evidence: Evidence) -> list[str]:
    """Return every discrepancy; none: the three tell one story, and it is the one that was played."""
    traffic = Traffic(evidence.packets, evidence.sides)
    seen = views(evidence, traffic)
    problems = [*_run(evidence), *_placed(evidence, traffic, seen), *_legs(evidence, traffic)]
    for view in seen:
        for check in (*check_calls.CHECKS, check_sms.notified):
            problems += [f"{view.story.name}: {problem}" for problem in check(view)]
    problems += [*check_sms.sms(evidence, seen), *check_sms.fates(evidence, seen)]
    return problems + [f"leak: {finding}" for finding in find_leaks(evidence.packets, evidence.sides)]


def _run(evidence: Evidence) -> Iterator[str]:
    """The fault struck, everything came to rest, the counters too, and the ledger has read all that was written."""
    if not evidence.struck:
        yield f"the fault did not strike: {evidence.plan.fault.name}, time {evidence.plan.nth}"
    if evidence.miscounted:
        yield f"counters are wrong: {evidence.miscounted}"
    if evidence.unsettled:
        yield f"this never came to rest: {evidence.unsettled}"
    if evidence.dead_letters:
        yield f"{evidence.dead_letters} dead letters"
    yield from (f"not read to its end: {file}" for file in evidence.unread)


def _placed(evidence: Evidence, traffic: Traffic, seen: Sequence[View]) -> Iterator[str]:
    """Every call of the plan is on the wire and in the ledger, and no other is."""
    for story in evidence.plan.stories:
        if not traffic.call_ids(story):
            yield f"{story.name}: was never placed"
        elif all(view.story != story for view in seen):
            yield f"{story.name}: is on the wire, not in the ledger"
    known = {view.sip_call_id for view in seen}
    yield from (
        f"the ledger has a call to {row.dialled} that nobody placed ({row.outcome})"
        for row in evidence.calls
        if row.sip_call_id not in known
    )


def _legs(evidence: Evidence, traffic: Traffic) -> Iterator[str]:
    """Every INVITE that left for a member is a leg of the ledger, exactly once."""
    legs = Counter(leg.sip_call_id for row in evidence.calls for leg in row.legs)
    for call_id, uri in {said.message.call_id: said.message.uri for said in traffic.invites("to member")}.items():
        if legs[call_id] != 1:
            yield f"an INVITE for {uri} is on the wire, in the ledger {legs[call_id]} times"
