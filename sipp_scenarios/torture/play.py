"""Playing a row: the message, its answer, and a call that must go on as ever; what is not so, in words."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from kemi.domain.addresses import Hop
from sipp_scenarios.torture.rows import Row
from sipp_scenarios.torture.sender import Sender
from tests.edge import BOB, CALLER, CUSTOMER_HOST, GATEWAY_HOST, HOTLINE, MEMBERS, Edge
from tests.leaks import Sides, find_leaks
from tests.logs import UNREADABLE, Logs
from tests.sip import Carrier, Customer, Recording
from tests.sip.message import parse

_PATIENCE: Final = 10.0  # seconds for an answer
_NUMBERS: Final = re.compile(rb"\+?\d{9,12}(?=@)")
_BUSY: Final = 486
MAY_LOG: Final = {"kamailio": UNREADABLE}
# What a trunk's Via says is a listed exception (README), and what any SDP says is nobody's.
_PUBLIC: Final = frozenset({"example.com", "example.net", "audio", "rtpmap"})


@contextmanager
def torturer(edge: Edge) -> Iterator[Sender]:
    """A sender whose address belongs to the seed's trunk."""
    with Sender(edge.address) as sender:
        edge.sql(
            "insert into trunk_address (trunk_id, address) select min(trunk_id), %(address)s from trunk_address",
            address=f"{sender.host}/32",
        )
        try:
            if not edge.table_says(lambda table: table.trunk_address(sender.host)):
                raise TimeoutError("the routing table does not follow")
            yield sender
        finally:
            edge.sql("delete from trunk_address where address = %(address)s", address=f"{sender.host}/32")


def problems(row: Row, edge: Edge, sender: Sender, *, called: bool = False) -> list[str]:
    """Everything that is not as promised of the message as it stands, or of a call of the hotline with it."""
    raw = row.calling(HOTLINE, Hop(*edge.address)) if called else row.raw
    wanted = row.called if called else row.answer
    logs, kamailio = Logs(edge), edge.stack.pid("kamailio")
    sent, recording = len(sender.packets), Recording()
    call_id = _call_id(raw)
    with Carrier(GATEWAY_HOST, edge.gateway_port, recording) as carrier:
        sender.send(raw)
        if wanted == _BUSY:
            for number in MEMBERS:
                carrier.member(number).refuses(_BUSY)
        saw = sender.answers(call_id, _PATIENCE) if wanted else []
        invited = len(carrier.invites)
        found = list(_call_problems(edge, carrier, recording))
    # Whatever it set off was before that call: its answer, if it got one that it should not.
    saw += [code for code in sender.answers(call_id, 0) if code not in saw]
    if saw != ([wanted] if wanted else []):
        found.append(f"it was answered {saw or 'by nobody'}, not {wanted or 'by nobody'}")
    if invited != (len(MEMBERS) if wanted == _BUSY else 0):
        found.append(f"{invited} members were invited")
    if edge.stack.pid("kamailio") != kamailio:
        found.append("Kamailio has died")
    if invited:
        packets = [*sender.of(call_id, sent), *recording.packets]
        found += [f"leak: {each}" for each in find_leaks(packets, _sides(edge, sender))]
    elif any(call_id.encode() in each.raw for each in recording.packets if call_id):
        found.append("something of it has reached the next call")
    numbers = {found.decode() for found in _NUMBERS.findall(raw)} - {HOTLINE}
    return found + logs.faults({CALLER, *MEMBERS, *numbers}, MAY_LOG)


def _call_problems(edge: Edge, carrier: Carrier, recording: Recording) -> Iterator[str]:
    """A call that a member answers, and the customer ends: the proof that the edge is well."""
    with Customer(edge.address, host=CUSTOMER_HOST, recording=recording) as customer:
        call = customer.calls(HOTLINE)
        bob = carrier.member(BOB)
        if not carrier.soon(lambda: any(leg.tx.reply is None or not leg.is_final for leg in bob.legs), _PATIENCE):
            yield "the next call rings nobody"
            return
        bob.answers()
        if not (call.heard(200) and call.hangs_up() == 200 and bob.was_hung_up):
            yield f"the next call saw {call.saw}"
        # Nothing of this call, such as an INVITE sent again, may be left to be seen as the next message's.
        others = [carrier.member(number) for number in MEMBERS if number != BOB]
        if not carrier.soon(lambda: all(each.legs and each.legs[-1].tx.acked for each in others), _PATIENCE):
            yield "the other members of the next call were not cancelled"


def _call_id(raw: bytes) -> str:
    try:
        return parse(raw).call_id
    except ValueError:
        found = re.search(rb"(?im)^(?:call-id|i)\s*:\s*(\S+)", raw)
        return found[1].decode() if found else ""


def _sides(edge: Edge, sender: Sender) -> Sides:
    host, port = edge.address
    public = _PUBLIC | {host, f"{host}:{port}", HOTLINE}
    return Sides(frozenset({CUSTOMER_HOST, sender.host}), frozenset({GATEWAY_HOST}), public, frozenset(MEMBERS))
