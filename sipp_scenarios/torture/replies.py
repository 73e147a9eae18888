"""The RFC's replies once more, as a member's: in the place of one that his gateway would send to an INVITE of ours."""

from typing import Final

from sipp_scenarios.torture.play import MAY_LOG
from sipp_scenarios.torture.rows import Row
from tests.edge import BOB, CALLER, CAROL, CUSTOMER_HOST, GATEWAY_HOST, HOTLINE, MEMBERS, Edge
from tests.leaks import Sides, find_leaks
from tests.logs import Logs
from tests.sip import Carrier, Customer, Member, Recording

_OURS: Final = {"via", "from", "to", "call-id", "cseq"}  # what ties a reply to its INVITE


def problems(row: Row, edge: Edge) -> list[str]:
    """Everything that is not as promised: the reply answers the call, or it is as if it had never come."""
    recording, found = Recording(), []
    logs, kamailio = Logs(edge), edge.stack.pid("kamailio")
    with (
        Carrier(GATEWAY_HOST, edge.gateway_port, recording) as carrier,
        Customer(edge.address, host=CUSTOMER_HOST, recording=recording) as customer,
    ):
        bob, carol = carrier.member(BOB), carrier.member(CAROL)
        call = customer.calls(HOTLINE)
        carol.rings()
        if not call.is_ringing:
            return ["the call does not ring"]
        carrier.send(_as_reply(row.raw, bob), edge.address)
        who = bob if row.replied == "answers" else carol.answers()
        if not call.heard(200) or not who.was_acked:
            found.append(f"the caller saw {call.saw}; {row.replied} was promised")
        elif call.replies[-1].start != "SIP/2.0 200 OK":
            found.append(f"the caller got {call.replies[-1].start!r}")
        elif call.hangs_up() != 200 or not who.was_hung_up:
            found.append("the call could not be ended")
    found += logs.faults({CALLER, *MEMBERS}, MAY_LOG)
    if edge.stack.pid("kamailio") != kamailio:
        found.append("Kamailio has died")
    host, port = edge.address
    public = frozenset({host, f"{host}:{port}", HOTLINE})
    sides = Sides(frozenset({CUSTOMER_HOST}), frozenset({GATEWAY_HOST}), public, frozenset(MEMBERS))
    return found + [f"leak: {each}" for each in find_leaks(recording.packets, sides)]


def _as_reply(raw: bytes, member: Member) -> bytes:
    """Return the reply with what ties it to the member's INVITE, and all else as it is, also a second Via."""
    invite, tag = member.invite, member.leg.local_tag
    head, _, body = raw.partition(b"\r\n\r\n")
    start, *lines = head.split(b"\r\n")
    kept = [line for line in lines if line.partition(b":")[0].strip().lower().decode("latin-1") not in _OURS]
    deeper = [line for line in lines if line.startswith(b"Via")][1:]
    vias = [f"Via: {via}".encode() for via in invite.all("via")]
    ties = [*vias[: 1 if deeper else None], *deeper]
    ties += [f"{name}: {invite.get(name)}".encode() for name in ("From", "Call-ID", "CSeq")]
    ties.append(f"To: {invite.get('to')};tag={tag}".encode())
    return b"\r\n".join([start, *ties, *kept]) + b"\r\n\r\n" + body
