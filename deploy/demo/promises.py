"""What the demo promises of a call, each checked against the capture, the ledger and the SMS sink."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from deploy.demo.stories import CALLER, HOTLINE, LANDLINE, MEMBERS, Story, texts
from deploy.demo.wire import CUSTOMER, Message
from deploy.show import Row
from kemi.audit import Sides, find_leaks

LEAK_PROMISE: Final = "nothing of the caller, nor of another member, is in any message to a member"
_EDGE_DELAY: Final = 0.5  # seconds from the captured INVITE to the clock reading in the edge, at most


class Promise(NamedTuple):
    """A sentence, and whether it is true."""

    text: str
    kept: bool


class Seen(NamedTuple):
    """All that is known of one call: the wire, ledger rows by table, what the sink got, and what went wrong."""

    messages: list[Message]
    ledger: Mapping[str, list[Row]]
    sms: list[dict[str, Any]]
    troubles: list[str]


def promises(story: Story, seen: Seen) -> Iterator[Promise]:
    """Yield every promise of `story`, and every trouble as one that was not kept."""
    yield from (Promise(trouble, kept=False) for trouble in seen.troubles)
    winner = _winner(seen.messages)
    yield from _masking(seen.messages)
    yield from _signalling(story, seen.messages, winner)
    yield _told(story, seen, winner)
    if seen.ledger:
        yield from _ledger(story, seen.ledger, winner)
    else:
        yield Promise("the call is in the ledger", kept=False)


def _signalling(story: Story, messages: list[Message], winner: str | None) -> Iterator[Promise]:
    if story.answered:
        losers = {m.party for m in _to_members(messages) if m.label == "CANCEL" and _says_elsewhere(m)}
        yield Promise("the others are cancelled with Reason: SIP;cause=200", losers == {*MEMBERS} - {winner})
        byes = [m.party for m in messages if m.label == "BYE"]
        yield Promise("the member's BYE reaches the customer", byes == [winner, CUSTOMER])
        return
    finals = [m.start[8:11] for m in _to_customer(messages) if m.method == "INVITE" and m.start[8] in "23456"]
    yield Promise(f"the customer gets {story.final_code}", finals == [str(story.final_code)])
    cancelled = {m.party for m in _to_members(messages) if m.label == "CANCEL"}
    yield Promise("every member's telephone stops ringing (CANCEL)", cancelled == {*MEMBERS})


def _masking(messages: list[Message]) -> Iterator[Promise]:
    invite = messages[0]
    invites = [m for m in _to_members(messages) if m.label == "INVITE"]
    yield Promise(f"all {len(MEMBERS)} members ring at once", {m.party for m in invites} == {*MEMBERS})
    ids = {m.headers["call-id"] for m in invites}
    yield Promise(
        "each leg has a Call-ID of its own", len(ids) == len(MEMBERS) and invite.headers["call-id"] not in ids
    )
    yield Promise(
        f"members read the hotline ({HOTLINE}) as the caller, in From and P-Asserted-Identity",
        all(m.identity.startswith(f"{HOTLINE} →") for m in invites)
        and all(f":{HOTLINE}@" in m.headers.get("p-asserted-identity", "") for m in invites),
    )
    leaks = {finding.to for finding in find_leaks((m.packet for m in messages), _sides(messages))}
    yield Promise(LEAK_PROMISE, "member" not in leaks)
    yield Promise("nothing of the members is in any message to the customer", "caller" not in leaks)


def _sides(messages: list[Message]) -> Sides:
    """Who is who: the first message is the customer's INVITE."""
    customer, edge = messages[0].packet.src[0], messages[0].packet.dst[0]
    hosts = {host for m in messages for host in (m.packet.src[0], m.packet.dst[0])}
    return Sides(
        callers=frozenset({customer}), gateways=frozenset(hosts - {customer, edge}), public=frozenset({edge, HOTLINE}),
        members=frozenset(MEMBERS), caller_numbers=frozenset({CALLER}), edges=frozenset({edge}),
        anchored=True,
    )  # fmt: skip


def _told(story: Story, seen: Seen, winner: str | None) -> Promise:
    arrived = seen.messages[0].at
    expected = [texts(story, winner, at) for at in (arrived, arrived + _EDGE_DELAY)]  # the minute may turn between
    got = {one["to"]: one["text"] for one in seen.sms}
    return Promise(_who_is_told(story), len(got) == len(seen.sms) and got in expected)


def _who_is_told(story: Story) -> str:
    if story.answered:
        return 'he who answered gets "vua nhan" by SMS, to the letter; nobody else gets anything'
    return 'every member with a mobile gets "bi nho" by SMS, to the letter; the landline gets nothing'


def _ledger(story: Story, ledger: Mapping[str, list[Row]], winner: str | None) -> Iterator[Promise]:
    call = ledger["call"][0]
    facts = (call["outcome"], call["caller_number"], call["ended_by"])
    yield Promise(f"the ledger says {story.outcome}", facts == (story.outcome, "+84" + CALLER[1:], story.ended_by))
    legs = _by_member(ledger["call_leg"], "outcome")
    if story.answered:
        due = {number: "answered" if number == winner else "cancelled" for number in MEMBERS}
        yield Promise("the ledger knows who answered, and whose call was cancelled", legs == due)
        return
    yield Promise("the ledger has a row for every member's leg", legs.keys() == {*MEMBERS})
    states = _by_member(ledger["notification"], "state")
    due = {number: "not_applicable" if number == LANDLINE else "accepted" for number in MEMBERS}
    yield Promise("the ledger knows which SMS was accepted, and that a landline takes none", states == due)


def _by_member(rows: list[Row], column: str) -> dict[str, str]:
    return {"0" + row["member_number"].removeprefix("+84"): row[column] for row in rows}


def _to_members(messages: list[Message]) -> Iterator[Message]:
    return (m for m in messages if m.party != CUSTOMER and not m.inward)


def _to_customer(messages: list[Message]) -> Iterator[Message]:
    return (m for m in messages if m.party == CUSTOMER and not m.inward)


def _winner(messages: list[Message]) -> str | None:
    answers = (m for m in messages if m.inward and m.party != CUSTOMER and m.start.startswith("SIP/2.0 200"))
    return next((m.party for m in answers if m.method == "INVITE"), None)


def _says_elsewhere(message: Message) -> bool:
    reason = message.headers.get("reason", "").replace(" ", "")
    return reason.startswith("SIP;cause=200")
