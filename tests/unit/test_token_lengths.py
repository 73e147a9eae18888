"""Real callers and gateways fit into Contacts and Record-Routes of 255 characters, Call-IDs of 64; or get 513."""

import re
from typing import Any

import pytest
from msgspec import structs

from kemi.call import Calls, Ring, Turned
from kemi.dialog import Dialogs, Relay
from kemi.domain import addresses
from kemi.domain.addresses import Hop
from kemi.domain.model import TrunkAddress
from kemi.errors import TokenRefused
from kemi.exchange import route_set
from kemi.replies import Replies
from tests.fakes.world import MemoryTable
from tests.unit.given import CARRIER, HOST, NOW, TRUNK, headers, keyring, taken
from tests.unit.real_callers import CALLERS, GATEWAYS, Far

KEYS = keyring()
LEG_TO = "<sip:02727777787@192.0.2.1:5060>"
TWO = {
    "Oracle SBC", "Kamailio topoh", "OpenSIPS topology hiding", "IMS SBC with a Record-Route",
    "IMS P-CSCF, long Contact", "Microsoft Teams", "two Record-Routes of 90 characters",
}  # fmt: skip
TWO_BY_TCP = TWO | {"softphone, rinstance", "IMS IBCF", "IMS S-CSCF and P-CSCF"}  # ";transport=tcp" takes 11 bytes
BOTH = [(name, transport) for transport in ("udp", "tcp") for name in GATEWAYS if name != "Microsoft Teams"]  # by TLS
FITS_AS_CALLER = [(name, "udp") for name in CALLERS] + [one for one in BOTH if one[1] == "tcp" and one[0] in CALLERS]
FITS_AS_GATEWAY = [one for one in BOTH if one != ("IMS P-CSCF, long Contact", "tcp")]


def table(transport: str) -> MemoryTable:
    """With a gateway that speaks it."""
    made = MemoryTable()
    made.gateways[1] = structs.replace(made.gateways[1], transport="tcp" if transport == "tcp" else "udp")
    return made


def invited(far: Far, transport: str = "udp") -> Ring | Turned:
    """What becomes of an INVITE that says so, of a trunk to a gateway that both speak `transport`."""
    calls = Calls(table(transport), KEYS, HOST, lambda: NOW)
    read = taken(from_=far.from_, contact=far.contact, call_id=far.call_id, record_routes=list(far.record_routes))
    source = TRUNK._replace(transport=transport)
    return calls.invite(TrunkAddress(1, "customers"), source, "02727777787", read, "", b"chance")


class Talk:
    """A call that is answered: what each side holds, and what it sends."""

    def __init__(self, caller: Far, gateway: Far, transport: str = "udp") -> None:
        ring = invited(caller, transport)
        assert isinstance(ring, Ring)
        self.caller, self.gateway, self.said = caller, gateway, addresses.SAID[transport]
        self.trunk, carrier = (hop._replace(transport=transport) for hop in (TRUNK, CARRIER))
        self.leg = headers(ring.blocks[ring.uris[0]])
        mine = [self.leg["Record-Route"]] if "Record-Route" in self.leg else []
        answer = taken(
            from_=self.leg["From"], to=f"{LEG_TO};tag=m1", call_id=self.leg["Call-ID"], contact=gateway.contact,
            record_routes=[*gateway.record_routes, *mine], vias=["SIP/2.0/X edge", f"SIP/2.0/{transport.upper()} a"],
        )  # fmt: skip
        replies = Replies(KEYS, HOST)
        far = replies.read(answer)
        replies.check(answer, far, carrier)
        self.answer = replies.block(ring.exchange, answer, far, carrier, reliable=True)
        self.carrier = carrier

    def ours(self) -> tuple[str, str, str, str]:
        """Contact and Record-Route of ours as the gateway has them, then as the caller has them; "" for none."""
        back = re.findall(rf"Record-Route: (<[^>]*@{HOST};lr{self.said}>)\r\n", self.answer)
        contact = re.findall(r"Contact: (\S+)\r\n", self.answer)
        return self.leg["Contact"], self.leg.get("Record-Route", ""), contact[0], (back or [""])[0]

    def by_member(self, **read: Any) -> Relay:
        """A request of the member's."""
        contact, route, _, _ = self.ours()
        said = {"from_": f"{LEG_TO};tag=m1", "to": self.leg["From"], "call_id": self.leg["Call-ID"], "contact": ""}
        return relayed(contact, route, self.carrier, **(said | read))

    def by_caller(self, **read: Any) -> Relay:
        """A request of the caller's."""
        _, _, contact, route = self.ours()
        said = {"from_": self.caller.from_, "to": f"{LEG_TO};tag=m1", "call_id": self.caller.call_id, "contact": ""}
        return relayed(contact, route, self.trunk, **(said | read))


def relayed(shown: str, route: str, source: Hop, **read: Any) -> Relay:
    """What a request becomes whose sender holds these."""
    message = taken(**read)
    message.routes = [f"<sip:proxy.example;lr>, {route}"] if route else []
    user = addresses.user(addresses.addr_spec(shown))
    return Dialogs(MemoryTable(), KEYS, HOST, 86400, lambda: NOW + 1).relay("INVITE", user, source, message)


@pytest.mark.parametrize(("name", "transport"), FITS_AS_CALLER)
def test_a_real_caller_fits(name: str, transport: str) -> None:
    """And requests to him have his Contact, his whole route set, his Call-ID and tag."""
    far = CALLERS[name]
    talk = Talk(far, GATEWAYS["an address"], transport)
    contact, route, _, _ = talk.ours()
    assert bool(route) == (name in (TWO if transport == "udp" else TWO_BY_TCP))
    assert contact.endswith(f"@{HOST}{talk.said}>")
    assert len(contact) - 2 <= 255
    assert len(route) - 2 <= 255
    assert len(talk.leg["Call-ID"]) <= 64
    bye = talk.by_member()
    lines = headers(bye.block)
    assert bye.uri == addresses.addr_spec(far.contact)
    assert lines.get("Route", "") == route_set(list(far.record_routes))
    assert lines["To"].endswith(f";tag={addresses.tag(far.from_)}")
    assert lines["Call-ID"] == far.call_id
    assert lines["From"] == f"{LEG_TO};tag=m1"


@pytest.mark.parametrize(("name", "transport"), FITS_AS_GATEWAY)
def test_a_real_gateway_fits(name: str, transport: str) -> None:
    """Requests to it have its Contact and its route set, reversed; and nothing of the other parts of a token."""
    far = GATEWAYS[name]
    talk = Talk(CALLERS["Asterisk chan_pjsip"], far, transport)
    assert all(len(each) - 2 <= 255 for each in talk.ours())
    bye = talk.by_caller()
    lines = headers(bye.block)
    assert bye.uri == addresses.addr_spec(far.contact)
    assert lines.get("Route", "") == route_set(list(far.record_routes), reverse=True)
    assert lines["From"] == talk.leg["From"]
    assert lines["Call-ID"] == talk.leg["Call-ID"]


@pytest.mark.parametrize("name", sorted(TWO))
def test_a_parted_token_survives_moves_of_either_side(name: str) -> None:
    """Each re-INVITE shows a fresh Contact; Route and its rest stay as they were (RFC 3261 §12.2)."""
    far = CALLERS[name]
    talk = Talk(far, GATEWAYS["two Record-Routes of 90 characters"])
    _, route, _, back = talk.ours()
    moved = talk.by_caller(contact=far.contact.replace("sip:", "sip:9", 1), record_routes=["<sip:ignored;lr>"])
    fresh = headers(moved.block)["Contact"]
    said = {"from_": f"{LEG_TO};tag=m1", "to": talk.leg["From"], "call_id": talk.leg["Call-ID"]}
    bye = relayed(fresh, route, CARRIER, **said, contact="<sip:0844441909@198.51.100.9:5062>")
    assert bye.uri == addresses.addr_spec(far.contact).replace("sip:", "sip:9", 1)
    assert headers(bye.block).get("Route", "") == route_set(list(far.record_routes))
    said = {"from_": far.from_, "to": f"{LEG_TO};tag=m1", "call_id": far.call_id}
    last = relayed(headers(bye.block)["Contact"], back, TRUNK, **said, contact=far.contact)
    assert last.uri == "sip:0844441909@198.51.100.9:5062"
    assert headers(last.block)["From"] == talk.leg["From"]
    again = headers(last.block)["Contact"]
    said = {"from_": f"{LEG_TO};tag=m1", "to": talk.leg["From"], "call_id": talk.leg["Call-ID"], "contact": ""}
    assert headers(relayed(again, route, CARRIER, **said).block)["Call-ID"] == far.call_id


@pytest.mark.parametrize(("name", "transport"), FITS_AS_CALLER)
def test_the_length_of_a_token_tells_nothing_of_a_number(name: str, transport: str) -> None:
    """National, international, service numbers: one length, and it is one of a few fixed ones."""
    seen = set()
    for number in ("0909789846", "84909789846", "+84909789846", "0084909789846", "02838123456", "0281234567"):
        far = CALLERS[name]
        contact = re.sub(r"\+?84909789846|0909789846", number, far.contact)
        from_ = re.sub(r"\+?84909789846|0909789846", number, far.from_)
        talk = Talk(far._replace(contact=contact, from_=from_), GATEWAYS["an address"], transport)
        seen.add(tuple(map(len, talk.ours())))
    assert len(seen) == 1
    user = len(f"<sip:@{HOST}{talk.said}>")
    longest = {236, 235} if transport == "udp" else {222, 221}
    assert {length - user for length in seen.pop() if length} <= {120, 172, 123, 175} | longest


def test_what_fits_into_no_two_uris_is_refused_not_cut() -> None:
    """513; the ledger says why, in figures."""
    noise = "".join(KEYS.leg_call_id(f"{n:010}".encode(), "AA") for n in range(8))
    made = invited(CALLERS["OpenSIPS topology hiding"]._replace(record_routes=(f"<sip:{noise}@10.1.1.1;lr>",)))
    assert isinstance(made, Turned)
    assert made.code == 513
    assert re.fullmatch(r"\d+ bytes of far side, \d+ fit into a Contact", made.event.reason)


def test_a_part_of_another_call_completes_no_token() -> None:
    """Nor does the R-URI's own part, or none."""
    talk, other = (Talk(CALLERS["Oracle SBC"], GATEWAYS[name]) for name in ("an address", "Oracle SBC"))
    contact, route, _, _ = talk.ours()
    said = {"from_": f"{LEG_TO};tag=m1", "to": talk.leg["From"], "call_id": talk.leg["Call-ID"], "contact": ""}
    assert relayed(contact, route, CARRIER, **said)
    foreign = keyring("1:" + "2b" * 32).seal_in_two(KEYS.open(addresses.user(addresses.addr_spec(contact)))[0])[1]
    calls = Calls(MemoryTable(), KEYS, HOST, lambda: NOW)
    far = CALLERS["Oracle SBC"]
    long = taken(contact=far.contact, from_=far.from_, call_id=far.call_id)
    elsewhen = calls.invite(TrunkAddress(1, "customers"), TRUNK, "02727777787", long, "", b"CHANCE")
    assert isinstance(elsewhen, Ring)
    of_another = headers(elsewhen.blocks[elsewhen.uris[0]])["Record-Route"]
    for wrong in (
        "",
        contact.replace(">", ";lr>"),
        f"<sip:{foreign}@{HOST};lr>",
        of_another,
        route.replace("a", "b", 1),
    ):
        with pytest.raises(TokenRefused):
            relayed(contact, wrong, CARRIER, **said)
    assert other.ours()[1] == route
    with pytest.raises(TokenRefused):
        relayed(route, route, CARRIER, **said)
