"""What a played scenario must have left: on the wire, in the ledger, at the SMS sink, in the log; and no leak."""

from collections import Counter
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from sipp_scenarios.play import Played
from sipp_scenarios.scenario import Scenario
from tests.edge import CUSTOMER_HOST, GATEWAY_HOST, HOTLINE, MEMBERS, STRANGER_HOST, Edge, Texts
from tests.leaks import Sides, find_leaks
from tests.sip.message import Message, parse


def problems(scenario: Scenario, edge: Edge, played: Played) -> list[str]:
    """Everything that is not as promised, in words; empty: all is."""
    sip_call_id = _sip_call_id(scenario, played)
    return [
        *(f"{role}: SIPp {words}" for role, words in played.complaints.items() if words),
        *_wire(scenario, played),
        *_ledger(scenario, edge, sip_call_id),
        *_sms(scenario, edge, sip_call_id),
        *_log(scenario, edge, played),
        *(f"leak: {each}" for each in find_leaks(played.packets, _sides(edge))),
    ]


def _wire(scenario: Scenario, played: Played) -> Iterator[str]:
    codes = [each.status for each in _received(played, _caller_host(scenario)) if each.method == "INVITE"]
    seen = [code for code in dict.fromkeys(codes) if code > 100]
    if seen != scenario.expect.caller:
        yield f"the caller saw {seen}, not {scenario.expect.caller}"
    requests = [each for each in _received(played, GATEWAY_HOST) if not each.status]
    # A request is one with its transaction; retransmissions are the same branch.
    count = Counter(method for method, *_ in {(each.method, each.branch, each.call_id) for each in requests})
    if count != Counter(scenario.expect.gateway):
        yield f"the gateway got {dict(count)}, not {scenario.expect.gateway}"
    yield from (f"the gateway got {method}" for method in scenario.absent.gateway if count[method])
    own = {each.call_id for each in requests if each.method == "INVITE"}
    if len(own) != scenario.expect.gateway.get("INVITE", 0):
        yield f"{len(own)} Call-IDs for {scenario.expect.gateway.get('INVITE', 0)} legs"


def _ledger(scenario: Scenario, edge: Edge, sip_call_id: str) -> Iterator[str]:
    wanted = scenario.expect.ledger
    if wanted is None or scenario.absent.ledger:
        if edge.ledger.calls(sip_call_id):
            yield "the ledger knows this call"
        return
    try:
        row = edge.ledger.call(sip_call_id, wanted.outcome, ended=wanted.ended_by is not None)
    except AssertionError as wrong:
        yield str(wrong)
        return
    for column in ("reason", "ended_by"):
        value = getattr(wanted, column)
        if value is not None and row[column] != value:
            yield f"the ledger says {column} {row[column]}, not {value}"
    legs = edge.ledger.outcomes(sip_call_id)
    if legs != wanted.legs:
        yield f"the ledger says {legs}, not {wanted.legs}"
    if len(edge.ledger.calls(sip_call_id)) != 1:
        yield "the ledger has more than one call"


def _sms(scenario: Scenario, edge: Edge, sip_call_id: str) -> Iterator[str]:
    rows = edge.ledger.calls(sip_call_id)
    if not rows:
        if scenario.expect.sms:
            yield "no call, so no SMS"
        return
    at = rows[0]["arrived_at"].astimezone(ZoneInfo("Asia/Ho_Chi_Minh")).strftime("%H:%M %d/%m/%Y")
    wanted = {number: text.replace("{at}", at) for number, text in scenario.expect.sms.items()}
    try:
        texts = Texts(edge.sink, edge.ledger).of(sip_call_id)
    except AssertionError as wrong:
        yield str(wrong)
        return
    if texts != wanted:
        yield f"the sink received {texts}, not {wanted}"


def _log(scenario: Scenario, edge: Edge, played: Played) -> Iterator[str]:
    yield from (f"the log lacks {words!r}" for words in scenario.expect.log if not edge.logs(words, played.log_offset))
    log = edge.log_since(played.log_offset)
    yield from (f"the log has {words!r}" for words in scenario.absent.log if words in log)


def _received(played: Played, host: str) -> list[Message]:
    return [parse(packet.raw) for packet in played.packets if packet.dst[0] == host]


def _sip_call_id(scenario: Scenario, played: Played) -> str:
    return next(parse(p.raw).call_id for p in played.packets if p.src[0] == _caller_host(scenario))


def _caller_host(scenario: Scenario) -> str:
    return CUSTOMER_HOST if scenario.given.caller == "trunk" else STRANGER_HOST


def _sides(edge: Edge) -> Sides:
    host, port = edge.address
    public = frozenset({host, f"{host}:{port}", HOTLINE})
    return Sides(frozenset({CUSTOMER_HOST, STRANGER_HOST}), frozenset({GATEWAY_HOST}), public, frozenset(MEMBERS))
