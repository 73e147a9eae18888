"""Sides that no single Contact can hold: the rest of the token comes back in Route, and the call is as any other."""

import secrets

import pytest

from tests.edge import HOTLINE, Edge
from tests.integration.features import answered, last
from tests.sip import Carrier, Customer, Member
from tests.sip.message import uri_of

PARTS = ["the caller's", "the gateway's", "both"]


def proxies(address: str) -> list[str]:
    """Two Record-Routes of 90 characters, of which half is noise."""
    return [f"<sip:{address};lr;n={n};did={secrets.token_hex(40)}"[:89] + ">" for n in (2, 1)]


@pytest.mark.parametrize("whose", PARTS)
def test_a_long_side_is_called_answered_held_moved_and_hung_up(
    customer: Customer, carrier: Carrier, bob: Member, edge: Edge, whose: str
) -> None:
    """From both sides, over a restart; each side gets its own route set and nothing of ours but one more Route."""
    own = f"@{edge.address[0]}:{edge.address[1]};lr>"
    callers = proxies(customer.sent_by) if whose != "the gateway's" else []
    customer.is_behind_proxies = True
    if whose != "the caller's":
        carrier.record_routes = proxies(carrier.sent_by)
        carrier.who = "gw-nguyen-" + secrets.token_hex(20)
    call = answered(customer, bob, HOTLINE, [("Record-Route", each) for each in callers])
    ours = bob.invite.all("record-route")
    assert [each.endswith(own) and len(uri_of(each)) <= 255 for each in ours] == ([True] if callers else [])
    back = call.replies[-1].all("record-route")
    assert back[len(back) - len(callers) :] == callers
    assert [each.endswith(own) for each in back[: len(back) - len(callers)]] == [True] * (whose != "the caller's")
    edge.stack.kill("kamailio")
    edge.stack.restart("kamailio")

    customer.who = "khach-moved"
    assert call.sends("INVITE", call.describes("sendonly"), to=edge.address).outcome().status == 200
    at_bob = last(bob.leg.requests, "INVITE")
    assert at_bob.uri == uri_of(carrier.contact)
    routes = ",".join(at_bob.all("route")).replace(" ", "")
    assert routes == ",".join(reversed(carrier.record_routes))
    assert bob.leg.sends("INFO", to=edge.address).outcome().status == 200
    info = last(call.requests, "INFO")
    assert info.uri.startswith("sip:khach-moved@")
    assert ",".join(info.all("route")).replace(" ", "") == ",".join(callers)
    assert (info.call_id, info.to_tag) == (call.call_id, call.local_tag)
    assert call.sends("BYE", to=edge.address).outcome().status == 200
    assert bob.was_hung_up


def test_a_long_side_without_its_route_gets_481(customer: Customer, bob: Member, edge: Edge, log_since: int) -> None:
    """The Contact alone leads nowhere, nor does it with a Route of the sender's making."""
    customer.is_behind_proxies = True
    call = answered(customer, bob, HOTLINE, [("Record-Route", each) for each in proxies(customer.sent_by)])
    [ours] = bob.leg.routes
    host = f"{edge.address[0]}:{edge.address[1]}"
    for routes in ([], [f"<sip:{host};lr>"], [f"<{bob.leg.target};lr>"], [ours[:60] + "AAAA" + ours[64:]]):
        bob.leg.routes = routes
        assert bob.leg.sends("BYE", to=edge.address).outcome().status == 481
    assert edge.logs("error=TokenRefused", log_since)
    bob.leg.routes = [ours]
    assert bob.leg.sends("BYE", to=edge.address).outcome().status == 200
    assert call.was_hung_up
