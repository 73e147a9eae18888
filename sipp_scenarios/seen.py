"""What some of a scenario's messages must say, and when; and what every description of a session must do (RFC 3264 §8).

The clock is the capture's: a packet's own time, not that of whoever reads it.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from sipp_scenarios.given import SECOND_GATEWAY_HOST
from sipp_scenarios.play import Played, caller_host
from sipp_scenarios.scenario import LedgerRow, Scenario, Seen
from tests.edge import GATEWAY_HOST, Edge
from tests.sip.message import Message, parse

_VERSION: Final = 2  # of o=: user, session, version, network, family, address (RFC 4566 §5.2)


def unlike(scenario: Scenario, edge: Edge, played: Played, sip_call_ids: Sequence[str]) -> Iterator[str]:
    """Everything that is not as promised, in words. `sip_call_ids`: the caller's, call by call."""
    hosts = {"caller": caller_host(scenario), "gateway": GATEWAY_HOST, "second_gateway": SECOND_GATEWAY_HOST}
    begun = next(each.at for each in played.packets if each.src[0] == hosts["caller"])
    for host in hosts.values():
        received = [(each.at - begun, parse(each.raw)) for each in played.packets if each.dst[0] == host]
        for wanted in scenario.expect.seen:
            if hosts[wanted.at] == host:
                yield from (f"{wanted.at}: {words}" for words in _differences(wanted, received))
        yield from (f"{host}: {words}" for words in _descriptions([message for _, message in received]))
    if scenario.expect.orders and _are_turns([_order(edge, each) for each in sip_call_ids]):
        yield "the members rang in turns of one order"


def reasons(wanted: LedgerRow, edge: Edge, sip_call_id: str) -> list[str]:
    """Return where the ledger gives another reason for a leg's end than `wanted`, in words."""
    legs = edge.ledger.legs(sip_call_id)
    said = {number: legs[number]["reason"] if number in legs else None for number in wanted.reasons}
    return [] if said == wanted.reasons else [f"the ledger gives as reasons {said}, not {wanted.reasons}"]


def _differences(wanted: Seen, received: list[tuple[float, Message]]) -> Iterator[str]:
    what = " ".join(filter(None, [str(wanted.status or ""), wanted.cseq, wanted.of]))
    found = [(at, m) for at, m in received if wanted.cseq in {m.cseq, m.method} and wanted.status == m.status]
    found = [(at, m) for at, m in found if wanted.of.encode() in m.raw]
    # A request is one with its transaction: retransmissions are the same branch. A reply that comes again counts again.
    count = len(found if wanted.status else {(each.branch, each.call_id) for _, each in found})
    if count != wanted.times if wanted.times is not None else count < wanted.least:
        yield f"{count} times {what}, not {wanted.times or wanted.least}"
    for at, each in found:
        text = each.raw.decode("latin-1")
        yield from (f"{what} lacks {words!r}" for words in wanted.has if words not in text)
        yield from (f"{what} has {words!r}" for words in wanted.lacks if words in text)
        if len(each.raw) < wanted.size:
            yield f"{what} has {len(each.raw)} bytes, not {wanted.size}"
        if at < wanted.seconds:
            yield f"{what} came after {at:.2f} s, not {wanted.seconds}"


def _descriptions(received: list[Message]) -> Iterator[str]:
    """Compare what a side is told of the other's session, from one time to the next: o= says that it is new."""
    latest: dict[tuple[str, str], tuple[list[str], str]] = {}
    for each in received:
        lines = each.body.decode("latin-1").splitlines() if each.get("content-type") == "application/sdp" else []
        origin = next((line.removeprefix("o=").split() for line in lines if line.startswith("o=")), [])
        if len(origin) <= _VERSION:
            continue
        other = (each.call_id, each.to_tag if each.status else each.from_tag)
        rest = "\n".join(line for line in lines if not line.startswith("o="))
        before, said = latest.setdefault(other, (origin, rest))
        if _who(before) != _who(origin):
            yield f"o= of {each.cseq} is of another session: {origin} after {before}"
        elif rest != said and int(origin[_VERSION]) <= int(before[_VERSION]):
            yield f"o= of {each.cseq} says nothing is new: {origin} after {before}"
        latest[other] = (origin, rest)


def _who(origin: list[str]) -> list[str]:
    return [*origin[:_VERSION], *origin[_VERSION + 1 :]]


def _order(edge: Edge, sip_call_id: str) -> list[str]:
    """Return the numbers of a call's members as they were invited, one after the other."""
    query = "select member_number from call_leg l join call c on c.id = l.call_id where sip_call_id = %(id)s"
    query += " and offered_at is not null order by offered_at"
    return [row["member_number"] for row in edge.ledger.rows(query, id=sip_call_id)]


def _are_turns(orders: list[list[str]]) -> bool:
    """Say whether each order is the first one, begun elsewhere: as by `sequential` and `round_robin`."""
    turns = [orders[0][at:] + orders[0][:at] for at in range(len(orders[0]))]
    return all(order in turns for order in orders)
