"""Who speaks TCP is told so: in Contacts, Record-Routes, and what is written by hand (RFC 3261 §18)."""

import pytest
from msgspec.structs import replace

from kemi import tokens
from kemi.domain.addresses import Hop
from kemi.exchange import exchange_of, is_own_route, own_route
from kemi.refusal import refusal
from kemi.replies import Replies
from kemi.stray import farewell
from tests.unit.given import CALL, CARRIER, HOST, TRUNK, headers, keyring, taken, to_caller
from tests.unit.in_dialog import CALLERS_TOKEN, by_caller, by_member

KEYS = keyring()
BY_TCP = {"trunk": TRUNK._replace(port=40123, transport="tcp"), "gateway": CARRIER._replace(transport="tcp")}
ENDS = {"udp": f"@{HOST}>", "tcp": f"@{HOST};transport=tcp>"}


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_a_reply_s_contact_is_for_who_gets_it(transport: str) -> None:
    """The caller's transport, whatever the member's is."""
    source = TRUNK._replace(transport=transport)
    asked = exchange_of(CALL, "caller", "INVITE", taken(), source, 1, 1, "02727777787")
    answer = taken(
        from_="<sip:02727777787@192.0.2.1>;tag=o", to="<sip:02727777787@192.0.2.1>;tag=m1",
        call_id=KEYS.leg_call_id(CALL, "EA"), contact="<sip:0844441909@127.0.0.20:5060>",
    )  # fmt: skip
    replies = Replies(KEYS, HOST)
    for hop in (CARRIER, BY_TCP["gateway"]):
        lines = headers(replies.block(asked, answer, replies.read(answer), hop, reliable=True))
        assert lines["Contact"].endswith(ENDS[transport])


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_a_request_s_contact_is_for_who_gets_it(transport: str) -> None:
    """By the transport that the token's hop has."""
    to_trunk = to_caller(hop=tokens.pack_hop(TRUNK._replace(transport=transport)))
    relay = by_member(to_trunk)
    assert headers(relay.block)["Contact"].endswith(ENDS[transport])
    assert relay.hop.transport == transport
    to_gateway = replace(CALLERS_TOKEN, hop=tokens.pack_hop(CARRIER._replace(transport=transport)))
    relay = by_caller(to_gateway)
    assert headers(relay.block)["Contact"].endswith(ENDS[transport])
    assert relay.hop.transport == transport


def test_a_contact_that_wants_udp_gets_udp() -> None:
    """Also of who calls by TCP: he listens on what he says (RFC 3261 §12.2.1.1)."""
    relay = by_member(to_caller(hop=tokens.pack_hop(BY_TCP["trunk"]), target="sip:a@127.0.0.10:5070;transport=udp"))
    assert relay.hop == Hop("127.0.0.10", 5070, "udp")
    assert headers(relay.block)["Contact"].endswith(ENDS["udp"])


def test_a_trunk_by_tcp_is_called_back_at_its_contact_not_at_the_port_it_called_from() -> None:
    """That one is the kernel's; where the Contact is another's address, its connection is all there is."""
    hop = tokens.pack_hop(BY_TCP["trunk"])
    assert by_member(to_caller(hop=hop, target="sip:a@127.0.0.10:5070")).hop == Hop("127.0.0.10", 5070, "tcp")
    assert by_member(to_caller(hop=hop, target="sip:a@10.0.0.9:5070")).hop == BY_TCP["trunk"]


def test_our_record_route_is_known_again_with_its_transport() -> None:
    for transport in ("udp", "tcp"):
        assert is_own_route(own_route("token", HOST, transport), HOST)
        assert own_route("token", HOST, transport).endswith(";lr>" if transport == "udp" else ";lr;transport=tcp>")


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_a_token_for_tcp_leaves_room_for_the_parameter(transport: str) -> None:
    """255 characters of URI, whatever the transport (kemi/decisions/0014)."""
    long = to_caller(target=f"sip:{'x7Kq' * 12}@127.0.0.10", uri="")
    user = KEYS.seal(long, None, transport)
    assert len(f"sip:{user}{ENDS[transport]}") - 1 <= 255
    assert KEYS.open(user)[0] == long


def test_the_answer_by_hand_goes_down_the_connection_it_came_by() -> None:
    """Whatever port the Via names (RFC 3261 §18.2.2)."""
    raw = b"INVITE sip:1@edge; lr SIP/2.0\r\nVia: SIP/2.0/TCP 10.9.9.9:5080;branch=z9hG4bK1\r\nTo: <sip:1@h>\r\n\r\n"
    found = refusal(raw, BY_TCP["trunk"])
    assert found is not None
    assert found.hop == BY_TCP["trunk"]


def test_the_ack_to_a_stray_answer_says_what_it_goes_by() -> None:
    """To its Contact, by TCP; its Via says so."""
    call_id = KEYS.leg_call_id(CALL, "EA")
    raw = (
        "SIP/2.0 200 OK\r\nVia: SIP/2.0/TCP edge;branch=z9hG4bK1\r\nFrom: <sip:1@h>;tag=a\r\nTo: <sip:1@h>;tag=b\r\n"
        f"Call-ID: {call_id}\r\nCSeq: 1 INVITE\r\nContact: <sip:1@127.0.0.20:5070>\r\n\r\n"
    )
    last = farewell(raw.encode(), BY_TCP["gateway"], HOST, KEYS.is_leg_call_id)
    assert last is not None
    assert last.hop == Hop("127.0.0.20", 5070, "tcp")
    assert f"\r\nVia: SIP/2.0/TCP {HOST};" in last.ack
