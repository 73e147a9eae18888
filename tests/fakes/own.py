"""KSR.tm.t_uac_send: a request of our own, with a transaction that repeats it and keeps its replies."""

from tests.fakes.machine import Machine, kemi
from tests.fakes.message import Message
from tests.fakes.uris import address_of, name_addr, via_param


@kemi("tm.t_uac_send")
def _uac_send(m: Machine, method: str, uri: str, next_hop: str, socket: str, headers: str, body: str) -> int:
    """As t_uac builds it: From and To of URI and tag, then CSeq and Call-ID, then all other headers as given."""
    assert not socket + body, "not used by us"
    start = f"{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {m.listen[0]}:{m.listen[1]}"
    given = Message(f"{start}\r\n{headers}\r\n".encode())
    if given.method != method:
        return -1
    m.own_branches.add(branch := f"z9hG4bKown{len(m.own_branches)}")
    parts = [f"{start};branch={branch}\r\n"]
    for name in ("To", "From"):
        _, inside, parameters = name_addr(given.text(name.lower()))
        parts.append(f"{name}: <{inside}>;tag={parameters['tag']}\r\n")
    parts += [f"CSeq: {given.text('cseq')}\r\n", f"Call-ID: {given.text('call-id')}\r\n"]
    parts.append("Max-Forwards: 70\r\nContent-Length: 0\r\n")
    parts += [f"Route: {one.raw_body.decode()}\r\n" for one in given.all("route")]
    m.send(address_of(next_hop or uri), "".join([*parts, "\r\n"]).encode(), "request")
    return 1


def is_own(m: Machine, reply: Message) -> bool:
    """Say whether a reply is to a request of our own."""
    return via_param(reply.vias()[0], "branch") in m.own_branches
