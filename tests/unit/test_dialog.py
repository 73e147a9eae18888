"""Requests inside a call go on masked, both ways, each in its receiver's own dialog."""

import msgspec

from kemi import tokens
from kemi.domain.addresses import Hop
from kemi.kinds import ToCaller, ToMember
from tests.fakes.world import MemoryTable
from tests.unit.given import CARRIER, TRUNK, gateway, headers, to_caller
from tests.unit.in_dialog import (
    CALLERS_TOKEN,
    CARRIER_MOVED,
    KEYS,
    LEG_ID,
    MEMBER,
    MEMBERS_TOKEN,
    MOVED,
    OF_CALLER,
    OUR_TAG,
    OUTBOUND,
    SECRETS,
    by_caller,
    by_member,
    contact,
    dialogs,
)


def test_the_callers_request_reaches_the_member_in_the_legs_dialog() -> None:
    """As if the outbound number had sent it."""
    relay = by_caller()
    lines = headers(relay.block)
    assert (relay.uri, relay.hop, relay.leg, relay.exchange.side) == (MEMBER, CARRIER, 4, "caller")
    assert lines["From"] == f"{OUTBOUND};tag={OUR_TAG}"
    assert lines["To"] == "<sip:02727777787@192.0.2.1:5060>;tag=m1"
    assert lines["Call-ID"] == LEG_ID
    assert set(lines) == {"From", "To", "Call-ID", "Contact"}
    assert [word for word in SECRETS if word in relay.block] == []


def test_the_members_request_reaches_the_caller_in_his_own_dialog() -> None:
    """As if the hotline had sent it."""
    relay = by_member()
    lines = headers(relay.block)
    assert (relay.uri, relay.hop, relay.leg, relay.exchange.side) == (MEMBERS_TOKEN.target, TRUNK, 4, "member")
    assert lines["From"] == "<sip:02727777787@192.0.2.1:5060>;tag=m1"
    assert lines["To"] == "<sip:0909789846@10.9.9.9>;tag=fromtag"
    assert lines["Call-ID"] == "c1@10.9.9.9"
    assert set(lines) == {"From", "To", "Call-ID", "Contact"}
    assert "44441909" not in relay.block


def test_a_caller_whose_uri_did_not_fit_is_addressed_as_nobody() -> None:
    """Dialogs match by tags (RFC 3261 §12)."""
    assert headers(by_member(to_caller(uri="")).block)["To"] == "<sip:anonymous@anonymous.invalid>;tag=fromtag"


def test_each_side_is_shown_a_fresh_contact_that_the_other_can_use() -> None:
    """The round trip: what goes on with a request opens, for the receiver, with his own dialog's names."""
    fresh = contact(by_caller(contact="<sip:0909789846@127.0.0.10:5090>"))
    assert fresh == to_caller(target="sip:0909789846@127.0.0.10:5090")
    assert by_member(fresh).uri == "sip:0909789846@127.0.0.10:5090"
    back = contact(by_member(contact="<sip:0844441909@127.0.0.20:5099>"))
    assert isinstance(back, ToMember)
    assert back.peer_ip == tokens.pack_ip(TRUNK.ip)
    assert by_caller(back).uri == "sip:0844441909@127.0.0.20:5099"
    assert by_caller(back).hop == Hop("127.0.0.20", 5099)
    assert by_caller(back).leg == 4


def test_a_request_without_a_contact_shows_none() -> None:
    """A BYE, an ACK."""
    assert "Contact" not in headers(by_caller(contact="").block)
    assert "Contact" not in headers(by_member(contact="").block)


def test_the_far_sides_route_set_goes_with_the_request_and_the_senders_stays_here() -> None:
    """Each side sees only its own."""
    far, near = "<sip:127.0.0.20:5070;lr>,<sip:10.8.8.8;lr>", "<sip:10.9.9.9;lr>"
    relay = by_caller(msgspec.structs.replace(CALLERS_TOKEN, routes=far, near_routes=near))
    assert headers(relay.block)["Route"] == far
    assert relay.hop == Hop("127.0.0.20", 5070)
    fresh = contact(relay)
    assert isinstance(fresh, ToCaller)
    assert fresh.routes == near  # not said again, so it stays as it was
    relay = by_member(to_caller(routes="<sip:127.0.0.10:5071;lr>"))
    assert headers(relay.block)["Route"] == "<sip:127.0.0.10:5071;lr>"
    assert relay.hop == Hop("127.0.0.10", 5071)


def test_a_route_set_that_is_said_again_takes_the_place_of_the_old_one() -> None:
    """In the order of the request (RFC 3261 §12.1.1)."""
    token = msgspec.structs.replace(CALLERS_TOKEN, near_routes="<sip:10.9.9.9;lr>")
    fresh = contact(by_caller(token, record_routes=["<sip:10.9.9.1;lr>, <sip:10.9.9.2;lr>"]))
    assert isinstance(fresh, ToCaller)
    assert fresh.routes == "<sip:10.9.9.1;lr>,<sip:10.9.9.2;lr>"


def test_what_may_pass_goes_on_and_nothing_else() -> None:
    """Cleaned lines and known extensions."""
    lines = headers(by_caller(lines=["Session-Expires: 90"], supported="timer,nguyen").block)
    assert (lines["Session-Expires"], lines["Supported"]) == ("90", "timer")


def test_another_address_of_the_callers_trunk_may_speak_for_him() -> None:
    """And its next requests come from there."""
    assert by_caller(source=MOVED).leg == 4
    fresh = contact(by_caller(source=MOVED))
    assert isinstance(fresh, ToCaller)
    assert tokens.unpack_hop(fresh.hop) == MOVED


def test_a_gateway_that_moved_may_speak_for_its_members() -> None:
    """Its new address is in the table; an IPv6 one in any spelling."""
    table = MemoryTable()
    table.gateways = {1: gateway(host=CARRIER_MOVED.ip)}
    assert by_member(source=CARRIER_MOVED, edge=dialogs(table=table)).leg == 4
    table.gateways = {1: gateway(host="2001:db8::21")}
    assert by_member(source=Hop("2001:db8:0:0:0:0:0:21", 5060), edge=dialogs(table=table)).leg == 4


def test_the_request_is_remembered_as_its_sender_wrote_it() -> None:
    """So that its replies give it back to him."""
    exchange = by_caller(deep_vias=["SIP/2.0/UDP 10.9.9.9"]).exchange
    assert {"from_": exchange.from_, "to": exchange.to, "call_id": exchange.call_id} == OF_CALLER
    assert (exchange.source, exchange.vias, exchange.trunk, exchange.gateway) == (TRUNK, ["SIP/2.0/UDP 10.9.9.9"], 1, 1)
    assert KEYS.open(exchange.token)[0] == CALLERS_TOKEN
