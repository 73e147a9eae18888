"""What a played scenario must have left: on the wire, in the ledger, at the SMS sink, in the logs; and no leak."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final
from zoneinfo import ZoneInfo

from deploy.wait import until
from sipp_scenarios.given import SECOND_GATEWAY_HOST
from sipp_scenarios.play import Played, caller_host
from sipp_scenarios.rules import broken
from sipp_scenarios.scenario import Call, LedgerRow, Scenario
from sipp_scenarios.seen import reasons, unlike
from sipp_scenarios.sipp import OTHER
from tests.edge import CUSTOMER_HOST, GATEWAY_HOST, HOTLINE, MEMBERS, STRANGER_HOST, Edge, Row, Texts
from tests.leaks import Sides, find_leaks
from tests.logs import said_on_the_wire
from tests.sip.message import Message, parse

_PATIENCE: Final = 30.0  # seconds for what comes after the wire: the ledger, the SMS, the log
_ZONE: Final = ZoneInfo("Asia/Ho_Chi_Minh")  # the seed's tenant's


def problems(scenario: Scenario, edge: Edge, played: Played, within: float = _PATIENCE) -> list[str]:
    """Everything that is not as promised, in words; empty: all is. What is missing is waited for, `within` seconds."""
    sent = [parse(each.raw) for each in played.packets if each.src[0] == caller_host(scenario)]
    sides = _sides(edge)
    return [
        *(f"{role}: {words}" for role, words in played.complaints.items() if words),
        *(_after(scenario, edge, played, sent, within) if sent else ["the caller sent nothing"]),
        *(f"leak: {each}" for each in find_leaks(played.packets, sides)),
        *broken(played.packets, edge.address[0], sides.callers | sides.gateways),
        *played.logs.faults(
            {scenario.given.number, *sides.members, *said_on_the_wire(played.packets, sides.callers)},
            {**(may := scenario.expect.may_log), "watch": [*may.get("watch", ()), *scenario.given.watched]},
        ),
    ]


def _after(scenario: Scenario, edge: Edge, played: Played, sent: list[Message], within: float) -> Iterator[str]:
    wanted = scenario.expect
    calls = [wanted, *wanted.after]
    ids = list(dict.fromkeys(each.call_id for each in sent))
    if len(ids) != len(calls):
        yield f"the caller placed {len(ids)} calls, not {len(calls)}"
    count = Counter(each.method for each in sent if not each.status)
    if wanted.caller_sent is not None and count != Counter(wanted.caller_sent):
        yield f"the caller sent {dict(count)}, not {wanted.caller_sent}"
    yield from _at_the_gateways(scenario, played)
    received = _received(played, caller_host(scenario))
    for number, (call, sip_call_id) in enumerate(zip(calls, ids, strict=False)):
        codes = answers(sent, [each for each in received if each.call_id == sip_call_id])
        found = _of_a_call(call, edge, [code for code in codes if code > 100], sip_call_id, within)
        yield from (f"call {number + 1}: {each}" if number else each for each in found)
    yield from unlike(scenario, edge, played, ids)
    yield from _log(scenario, played, within)


def _of_a_call(wanted: Call, edge: Edge, seen: list[int], sip_call_id: str, within: float) -> Iterator[str]:
    if seen != wanted.caller:
        yield f"the caller saw {seen}, not {wanted.caller}"
    if wanted.ledger is None:
        yield from _not_in_the_ledger(edge, sip_call_id)
    else:
        yield from _in_the_ledger(wanted.ledger, edge, sip_call_id, within)
    yield from _sms(wanted, edge, sip_call_id, within)


def answers(sent: Iterable[Message], received: Iterable[Message]) -> list[int]:
    """Return the codes that a caller's INVITEs got, of all that he sent and received.

    What is sent again counts once; so does each 1xx for each time that the INVITE came again (RFC 3261 §17.2.1), and a
    reliable one always (RFC 3262 §3). Any other 1xx that comes twice is told twice, the same to the letter or not.
    """
    codes: list[int] = []
    seen: Counter[bytes] = Counter()
    invites = Counter(each.branch for each in sent if each.method == "INVITE" and not each.status)
    for reply in received:
        if not reply.status or reply.method != "INVITE":
            continue
        is_again, seen[reply.raw] = reply.raw in seen, seen[reply.raw] + 1
        if is_again and (reply.status >= 200 or reply.get("rseq") or seen[reply.raw] <= invites[reply.branch]):
            continue
        codes.append(reply.status)
    return codes


def _at_the_gateways(scenario: Scenario, played: Played) -> Iterator[str]:
    for name, host, promised in (
        ("the gateway", GATEWAY_HOST, scenario.expect.gateway),
        ("the second gateway", SECOND_GATEWAY_HOST, scenario.expect.second_gateway),
    ):
        wanted = Counter(promised)
        requests = [each for each in _received(played, host) if not each.status and each.method != "OPTIONS"]
        # A request is one with its transaction; retransmissions are the same branch.
        count = Counter(method for method, *_ in {(each.method, each.branch, each.call_id) for each in requests})
        if count != wanted:
            yield f"{name} got {dict(count)}, not {dict(wanted)}"
        yield from (f"{name} got {method}" for method in scenario.absent.gateway if count[method])
        invites = [each for each in requests if each.method == "INVITE"]
        own = {each.call_id for each in invites if not each.to_tag}
        legs = wanted["INVITE"] - len({each.branch for each in invites if each.to_tag})
        if len(own) != legs:
            yield f"{len(own)} Call-IDs for {legs} legs"


def _not_in_the_ledger(edge: Edge, sip_call_id: str) -> Iterator[str]:
    # The ledger follows the spool, which has an event before its reply leaves: there is nothing to wait for.
    spool = (edge.stack.settings.var_dir / "spool").glob("*.jsonl")
    if edge.ledger.calls(sip_call_id) or any(sip_call_id.encode() in file.read_bytes() for file in spool):
        yield "the ledger knows this call"


def _in_the_ledger(wanted: LedgerRow, edge: Edge, sip_call_id: str, within: float) -> Iterator[str]:
    def differences() -> list[str]:
        rows = edge.ledger.calls(sip_call_id)
        if len(rows) != 1:
            return [f"the ledger has {len(rows)} calls"]
        return _columns(wanted, rows[0]) + _legs(wanted, edge, sip_call_id) + reasons(wanted, edge, sip_call_id)

    # The events of a call come from several workers, one batch after the other.
    until(lambda: not differences(), within)
    yield from differences()


def _legs(wanted: LedgerRow, edge: Edge, sip_call_id: str) -> list[str]:
    query = "select l.* from call_leg l join call c on c.id = l.call_id where c.sip_call_id = %(id)s"
    attempts: dict[str, list[Row]] = {}
    for row in edge.ledger.rows(query + " order by leg, attempt", id=sip_call_id):
        attempts.setdefault(row["member_number"].replace("+84", "0"), []).append(row)
    outcomes = {number: [row["outcome"] for row in rows] for number, rows in attempts.items()}
    legs = {number: each if len(each) > 1 else each[0] for number, each in outcomes.items()}
    if legs != wanted.legs:
        return [f"the ledger says {legs}, not {wanted.legs}"]
    offered = {number: rows[0]["offered_at"] for number, rows in attempts.items() if rows[0]["offered_at"]}
    later = {number: (at - min(offered.values())).total_seconds() for number, at in offered.items()}
    return [
        f"{number} was invited after {later[number]} s, not {seconds}"
        for number, seconds in wanted.offered_after.items()
        if later[number] < seconds
    ]


def _columns(wanted: LedgerRow, row: Row) -> list[str]:
    said = {"outcome": wanted.outcome, "reason": wanted.reason, "ended_by": wanted.ended_by}
    values = {column: value for column, value in said.items() if value is not None} | wanted.columns
    return [
        f"the ledger says {column} {row[column]}, not {value}"
        for column, value in values.items()
        if row[column] != value
    ]


def _sms(wanted: Call, edge: Edge, sip_call_id: str, within: float) -> Iterator[str]:
    rows = edge.ledger.calls(sip_call_id)
    if not rows:
        if wanted.sms:
            yield "no call, so no SMS"
        return
    at = rows[0]["arrived_at"].astimezone(_ZONE).strftime("%H:%M %d/%m/%Y")
    promised = {number: text.replace("{at}", at) for number, text in wanted.sms.items()}
    try:
        texts = Texts(edge.sink, edge.ledger).of(sip_call_id, within)
    except AssertionError as wrong:
        yield str(wrong)
        return
    if texts != promised:
        yield f"the sink received {texts}, not {promised}"


def _log(scenario: Scenario, played: Played, within: float) -> Iterator[str]:
    def lacks() -> list[str]:
        log = played.logs.said()["kamailio"]
        return [words for words in scenario.expect.log if words not in log]

    until(lambda: not lacks(), within)
    yield from (f"the log lacks {words!r}" for words in lacks())
    log = played.logs.said()["kamailio"]
    yield from (f"the log has {words!r}" for words in scenario.absent.log if words in log)


def _received(played: Played, host: str) -> list[Message]:
    return [parse(packet.raw) for packet in played.packets if packet.dst[0] == host]


def _sides(edge: Edge) -> Sides:
    host, port = edge.address
    public = frozenset({host, f"{host}:{port}", HOTLINE})
    members = frozenset({*MEMBERS, OTHER})
    return Sides(
        frozenset({CUSTOMER_HOST, STRANGER_HOST}), frozenset({GATEWAY_HOST, SECOND_GATEWAY_HOST}), public, members,
        anchored=edge.stack.settings.rtpengine != "none",
    )  # fmt: skip
