"""Requests inside a call, both ways: ACK, re-INVITE, UPDATE, INFO, PRACK's kin, BYE; masked, to the right place."""

import pytest

from tests.edge import HOTLINE
from tests.sip import Call, Customer, Member
from tests.sip.message import uri_of, user_of


@pytest.fixture
def call(customer: Customer, bob: Member) -> Call:
    """A call that Bob has answered."""
    call = customer.calls(HOTLINE)
    bob.answers()
    assert call.is_answered
    assert bob.was_acked
    return call


def session(body: bytes) -> tuple[str, int, str]:
    """The o= line of an SDP: session id, version, host."""
    fields = next(line for line in body.decode().splitlines() if line.startswith("o=")).split()
    return fields[1], int(fields[2]), fields[5]


def test_hold_and_resume_from_either_side_with_versions_that_increase(call: Call, bob: Member) -> None:
    """The o= line is neutral, keeps its session id, and its version grows (RFC 3264 §8)."""
    seen = [session(bob.invite.body)]
    for mode in ("sendonly", "sendrecv"):
        assert call.reinvites(call.describes(mode)).status == 200
        assert bob.leg.received("INVITE", times=len(seen))
        offer = [each for each in bob.leg.requests if each.method == "INVITE"][-1]
        assert f"a={mode}".encode() in offer.body
        seen.append(session(offer.body))
    assert len({(number, host) for number, _, host in seen}) == 1
    assert [version for _, version, _ in seen] == sorted({version for _, version, _ in seen})
    answer = session(call.replies[-1].body)
    assert bob.reinvites(bob.leg.describes("sendonly")).status == 200
    offer_to_caller = next(each for each in call.requests if each.method == "INVITE")
    assert session(offer_to_caller.body)[0] == answer[0]
    assert session(offer_to_caller.body)[1] > answer[1]
    assert call.hangs_up() == 200


@pytest.mark.parametrize("method", ["UPDATE", "INFO", "OPTIONS"])
def test_other_requests_pass_both_ways(call: Call, bob: Member, method: str) -> None:
    assert call.sends(method).outcome().status == 200
    assert bob.leg.received(method)
    assert bob.leg.sends(method).outcome().status == 200
    assert call.received(method)
    assert call.hangs_up() == 200


def test_each_side_sees_its_own_dialog(call: Call, bob: Member) -> None:
    """Call-ID, tags and CSeq are each side's own in requests of the other."""
    assert call.sends("INFO").outcome().status == 200
    assert bob.leg.sends("INFO").outcome().status == 200
    at_bob = next(each for each in bob.leg.requests if each.method == "INFO")
    at_caller = next(each for each in call.requests if each.method == "INFO")
    assert (at_bob.call_id, at_bob.from_tag, at_bob.to_tag) == (
        bob.invite.call_id,
        bob.invite.from_tag,
        bob.leg.local_tag,
    )
    assert user_of(uri_of(at_bob.get("from"))) == HOTLINE
    assert at_bob.uri == uri_of(bob.carrier.contact)
    assert (at_caller.call_id, at_caller.to_tag) == (call.call_id, call.local_tag)
    assert at_caller.from_tag == call.remote_tag
    assert at_caller.uri == uri_of(call.agent.contact)
    assert call.hangs_up() == 200


def test_the_gateways_proxies_stand_in_the_route_of_every_request(customer: Customer, bob: Member) -> None:
    """Its Record-Route is kept in the token, and is no concern of the caller's."""
    port = bob.carrier.address[1]
    bob.carrier.record_routes = [f"<sip:127.0.0.20:{port};lr;n=2>", f"<sip:127.0.0.20:{port};lr;n=1>"]
    call = customer.calls(HOTLINE)
    bob.answers()
    assert call.is_answered
    assert call.replies[-1].all("record-route") == []
    assert bob.was_acked
    assert call.hangs_up() == 200
    assert bob.was_hung_up
    for request in bob.leg.requests:
        assert ",".join(request.all("route")).replace(" ", "") == ",".join(reversed(bob.carrier.record_routes))
        assert request.uri == uri_of(bob.carrier.contact)


def test_the_callers_proxies_stand_in_the_route_of_requests_to_him(customer: Customer, bob: Member) -> None:
    """He gets his own Record-Route back in the reply; the member never sees it."""
    mine = [f"<sip:127.0.0.10:{customer.address[1]};lr;n=2>", f"<sip:127.0.0.10:{customer.address[1]};lr;n=1>"]
    customer.is_behind_proxies = True
    call = customer.calls(HOTLINE, extra_headers=[("Record-Route", each) for each in mine])
    bob.answers()
    assert call.is_answered
    assert call.replies[-1].all("record-route") == mine
    assert bob.was_acked
    assert bob.hangs_up() == 200
    bye = next(each for each in call.requests if each.method == "BYE")
    assert ",".join(bye.all("route")).replace(" ", "") == ",".join(mine)


def test_contacts_are_of_the_edge_and_short_enough_for_a_real_sbc(call: Call, bob: Member) -> None:
    """PJSIP takes 255 characters of URI and no more."""
    host = f"@{call.edge[0]}:{call.edge[1]}"
    for message in (bob.invite, call.replies[-1]):
        assert message.target.partition(";")[0].endswith(host)
        assert len(message.target) <= 255
    assert bob.invite.target != call.replies[-1].target
    assert call.hangs_up() == 200


def test_a_new_contact_moves_the_call(call: Call, bob: Member) -> None:
    """RFC 3261 §12.2: a re-INVITE from elsewhere changes where later requests go."""
    bob.carrier.who = "gw-nguyen-moved"
    assert bob.reinvites().status == 200
    assert call.sends("INFO").outcome().status == 200
    at_bob = next(each for each in bob.leg.requests if each.method == "INFO")
    assert at_bob.uri.startswith("sip:gw-nguyen-moved@")
    assert call.hangs_up() == 200


def test_a_refused_reinvite_is_acknowledged_and_the_call_goes_on(call: Call, bob: Member) -> None:
    bob.carrier.refuse_next = 488
    assert call.reinvites().status == 488
    assert call.hangs_up() == 200
    assert bob.was_hung_up


def test_a_bye_that_comes_twice_is_one_bye(call: Call, bob: Member) -> None:
    tx = call.sends("BYE")
    call.agent.send(tx.request, tx.to)
    assert tx.outcome().status == 200
    call.agent.send(tx.request, tx.to)
    call.agent.must(lambda: len(tx.replies) >= 2, "the 200 again")
    assert bob.was_hung_up
    assert bob.got.count("BYE") == 1
