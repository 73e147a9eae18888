"""An INVITE comes in: the legs go out masked, each a dialog of its own, or the caller is told why not."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings

from kemi import tokens
from kemi.call import Calls, Ring, Turned
from kemi.domain.model import TrunkAddress
from kemi.kinds import ToCaller
from tests.fakes.world import HOTLINE, MEMBERS, MemoryTable
from tests.unit.given import ALPHANUMERIC, FROM, HEADER_TEXT, HOST, NOW, TRUNK, gateway, headers, keyring, taken

SDP = "v=0\r\no=alice 1 1 IN IP4 10.9.9.9\r\ns=Alice\r\nc=IN IP4 10.9.9.9\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n"
ARRIVED = TrunkAddress(1, "customers")
SECRETS = ("909789846", "10.9.9.9", "Nguyen", "fromtag", "alice", "c1@")


def invited(
    table: MemoryTable | None = None, dialled: str = "02727777787", body: str = SDP, **read: Any
) -> Ring | Turned:
    """What becomes of the customer's INVITE."""
    calls = Calls(table or MemoryTable(), keyring(), HOST, lambda: NOW)
    return calls.invite(ARRIVED, TRUNK, dialled, taken(**read), body, b"chance")


def ring(**read: Any) -> Ring:
    """The same, where it rings."""
    made = invited(**read)
    assert isinstance(made, Ring)
    return made


def turned(**read: Any) -> Turned:
    """The same, where it does not."""
    made = invited(**read)
    assert isinstance(made, Turned)
    return made


def legs(made: Ring) -> list[dict[str, str]]:
    """The headers of each leg."""
    return [headers(made.blocks[uri]) for uri in made.uris]


def opened(leg: dict[str, str]) -> ToCaller:
    """The token in a leg's Contact."""
    token, _ = keyring().open(leg["Contact"].removeprefix("<sip:").removesuffix(f"@{HOST}>"))
    assert isinstance(token, ToCaller)
    return token


def with_gateway(**changes: Any) -> MemoryTable:
    """A table whose gateway is another."""
    table = MemoryTable()
    table.gateways = {1: gateway(**changes)}
    return table


def test_every_member_is_called_in_a_dialog_of_his_own() -> None:
    """One carrier would answer all but the first of one Call-ID with 482."""
    made = ring()
    assert made.uris == tuple(f"sip:0{number[3:]}@127.0.0.20:5060" for number in MEMBERS)
    ids = [leg["Call-ID"] for leg in legs(made)]
    assert len(set(ids)) == 3
    assert [tokens.leg_of(each[-2:]) for each in ids] == [(0, 0), (1, 0), (2, 0)]
    assert made.ring_ms == 6000


def test_a_leg_shows_the_outbound_number_and_nothing_of_the_caller() -> None:
    """In exactly these headers, and in a body without his name."""
    made = ring(supported="100rel,timer, nguyen", record_routes=["<sip:10.9.9.9;lr>"])
    for leg in legs(made):
        tag = leg["From"].partition(";tag=")[2]
        assert leg["From"] == f"<sip:02727777787@192.0.2.1>;tag={tag}"
        assert set(tag) <= set(ALPHANUMERIC + "-_")
        assert leg["P-Asserted-Identity"] == "<sip:02727777787@192.0.2.1>"
        assert leg["Supported"] == "timer"
        assert set(leg) == {"Call-ID", "From", "Contact", "P-Asserted-Identity", "Supported"}
    assert [word for word in SECRETS if word in "".join(made.blocks.values())] == []
    assert "alice" not in made.bodies[0].lower()
    assert made.bodies[0].startswith("v=0\r\no=- ")


@pytest.mark.parametrize(
    ("changes", "uri", "asserted"),
    [
        ({}, "<sip:02727777787@192.0.2.1>", True),
        ({"number_format": "e164"}, f"<sip:{HOTLINE}@192.0.2.1>", True),
        ({"number_format": "international"}, "<sip:00842727777787@192.0.2.1>", True),
        ({"from_host": "carrier.example.net"}, "<sip:02727777787@carrier.example.net>", True),
        ({"identity": "none"}, "<sip:02727777787@192.0.2.1>", False),
    ],
)
def test_a_gateway_is_shown_the_number_as_it_wants_it(changes: dict[str, Any], uri: str, asserted: bool) -> None:
    """Format, domain, and whether it is asserted."""
    made = invited(with_gateway(**changes))
    assert isinstance(made, Ring)
    for leg in legs(made):
        assert leg["From"].startswith(uri + ";tag=")
        assert leg.get("P-Asserted-Identity") == (uri if asserted else None)


def test_the_contact_holds_all_that_leads_back_to_the_caller() -> None:
    """For the gateway's address, within 255 characters."""
    for leg in legs(ring(record_routes=["<sip:10.9.9.9;lr>, <sip:127.0.0.10:5070;lr>"])):
        token = opened(leg)
        assert token.target == "sip:0909789846@127.0.0.10:5060"
        assert token.routes == "<sip:10.9.9.9;lr>,<sip:127.0.0.10:5070;lr>"
        assert (token.tag, token.call_id, token.dialled) == ("fromtag", "c1@10.9.9.9", "02727777787")
        assert tokens.unpack_hop(token.hop) == TRUNK
        assert token.peer_ip == tokens.pack_ip("127.0.0.20")
        assert len(leg["Contact"].strip("<>")) <= 255


def test_cleaned_headers_go_on_and_an_empty_body_stays_empty() -> None:
    """An INVITE without an offer is legal."""
    made = ring(lines=["Allow: INVITE, ACK"], body="")
    assert all(leg["Allow"] == "INVITE, ACK" for leg in legs(made))
    assert made.bodies[0] == ""


def test_the_ledger_hears_of_the_call_before_it_leaves() -> None:
    """Who calls whom, through what, and who is offered it."""
    event = ring().event
    assert (event.caller, event.withheld, event.hotline, event.outbound) == ("+84909789846", False, HOTLINE, HOTLINE)
    assert [(leg.leg, leg.number, leg.gateway_id, leg.can_text) for leg in event.legs] == [
        (i, number, 1, True) for i, number in enumerate(MEMBERS)
    ]
    assert event.sip_call_id == "c1@10.9.9.9"


@pytest.mark.parametrize("read", [{"privacy": ["id"]}, {"from_": "<sip:anonymous@anonymous.invalid>;tag=fromtag"}])
def test_a_withheld_caller_rings_and_his_number_is_nowhere(read: dict[str, Any]) -> None:
    """Not in the ledger's event either, though the trunk asserts it."""
    made = ring(asserted=["<sip:0909789846@10.9.9.9>"], **read)
    assert (made.event.caller, made.event.withheld) == (None, True)
    assert "909789846" not in repr(made.event)


REFUSED = [
    ("02700000000", {}, 404, "no such hotline"),
    ("113", {}, 404, "no such hotline"),
    ("02727777787", {"require": "nguyen"}, 420, "the caller requires an extension we do not know"),
    ("02727777787", {"require": "100rel,nguyen"}, 420, "the caller requires an extension we do not know"),
    ("02727777787", {"from_": "<sip:02727777787@x>;tag=1"}, 482, "a hotline calls itself"),
]


@pytest.mark.parametrize(("dialled", "read", "code", "reason"), REFUSED)
def test_a_call_that_does_not_ring_is_one_event_with_its_reason(
    dialled: str, read: dict[str, Any], code: int, reason: str
) -> None:
    """And a code for the caller."""
    made = turned(dialled=dialled, **read)
    assert (made.code, made.event.code, made.event.reason, made.event.dialled) == (code, code, reason, dialled)


@pytest.mark.parametrize("require", ["100rel", "100rel,timer", " timer ,100rel "])
def test_a_known_extension_may_be_required_however_it_is_spaced(require: str) -> None:
    """And is required of the members, too."""
    made = ring(require=require)
    assert made.exchange.reliable
    assert all("100rel" in leg["Require"] for leg in legs(made))


def test_a_route_set_that_fits_no_contact_is_513_and_not_cut() -> None:
    """A BYE that went astray would be worse."""
    noise = "".join(tokens._base64url(bytes((i, i * 7 % 256, i * 31 % 256))) for i in range(90))
    made = turned(record_routes=[f"<sip:{noise}@10.9.9.9;lr>"])
    assert (made.code, made.event.hotline_id) == (513, 1)
    assert "10.9.9.9" not in made.event.reason


def test_without_an_enabled_gateway_it_is_503() -> None:
    """Also where the gateway is in no table."""
    empty = MemoryTable()
    empty.gateways = {}
    for table in (with_gateway(enabled=False), empty):
        made = invited(table)
        assert isinstance(made, Turned)
        assert made.code == 503


def test_a_hotline_that_was_refused_when_compiled_says_why() -> None:
    """480, with the tenant's reason for the ledger."""
    table = MemoryTable()
    table.hotlines[HOTLINE] = msgspec.structs.replace(table.hotlines[HOTLINE], refusal="no group", group=None)
    made = invited(table)
    assert isinstance(made, Turned)
    assert (made.code, made.event.reason, made.event.tenant_id) == (480, "no group", 1)


UNREADABLE = [
    {"from_": "<sip:0909789846@10.9.9.9>"}, {"from_": "<sip:0909789846@10.9.9.9>;tag="}, {"from_": "<sip:a@b;tag=1>"},
    {"from_": "<sip:09\r\n09@x>;tag=1"}, {"contact": ""}, {"contact": "*"}, {"contact": "<sip:a@b\r\nX: 1>"},
    {"contact": "<tel:113>"}, {"contact": "<sip:a@127.0.0.10:0>"}, {"record_routes": ["<sip:a"]},
    {"record_routes": ["<tel:113>"]}, {"body": "NGUYEN"},
]  # fmt: skip


@pytest.mark.parametrize("read", UNREADABLE)
def test_an_invite_that_cannot_be_read_is_a_value_error(read: dict[str, Any]) -> None:
    """The caller gets 400; nothing is guessed."""
    with pytest.raises(ValueError, match=r"."):
        invited(**read)


@settings(max_examples=200, deadline=None)
@given(HEADER_TEXT, HEADER_TEXT, HEADER_TEXT)
def test_whatever_the_headers_hold_no_line_of_a_leg_is_the_callers(from_: str, contact: str, route: str) -> None:
    """No injected header, and only `ValueError` for what cannot be read."""
    try:
        made = invited(from_=f"{from_}{FROM}", contact=f"{contact}<sip:a@127.0.0.10>", record_routes=[route])
    except ValueError:
        return
    for leg in legs(made) if isinstance(made, Ring) else []:
        assert set(leg) == {"Call-ID", "From", "Contact", "P-Asserted-Identity"}
        assert leg["From"].isprintable()
