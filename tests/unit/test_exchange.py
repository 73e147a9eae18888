"""What is read of a message, remembered of it, and how its route set leads on."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kemi import exchange
from kemi.domain.addresses import Hop
from kemi.exchange import Exchange, exchange_of, next_hop, route_set
from tests.unit.given import CALL, HEADER_TEXT, HOPS, TRUNK, taken


@settings(max_examples=200, deadline=None)
@given(
    HEADER_TEXT,
    HEADER_TEXT,
    HEADER_TEXT,
    st.lists(HEADER_TEXT, max_size=3),
    HOPS,
    st.sampled_from(["caller", "member"]),
)
def test_what_is_remembered_comes_back_exactly(
    from_: str, to: str, call_id: str, values: list[str], source: Hop, side: str
) -> None:
    """Whatever the sender wrote; as text that an AVP can hold."""
    read = taken(from_=from_, to=to, call_id=call_id, deep_vias=values, record_routes=values[::-1])
    made = exchange_of(CALL, "caller" if side == "caller" else "member", "INVITE", read, source, 1, 2, "02", "token")
    packed = made.pack()
    assert "\0" not in packed
    assert "\n" not in packed
    back = exchange.unpack(packed)
    assert back == made
    assert back.source == source
    assert (back.from_, back.to, back.call_id, back.vias, back.record_routes) == (
        from_,
        to,
        call_id,
        values,
        values[::-1],
    )


@pytest.mark.parametrize(
    ("require", "reliable"), [("100rel", True), ("timer, 100rel", True), ("timer", False), ("", False)]
)
def test_a_caller_is_answered_reliably_if_he_requires_it(require: str, reliable: bool) -> None:
    """Supporting it is not enough: one clean 180 is sent then."""
    made = exchange_of(CALL, "caller", "INVITE", taken(require=require, supported="100rel"), TRUNK, 1, 0, "02")
    assert isinstance(made, Exchange)
    assert made.reliable is reliable


@pytest.mark.parametrize(
    ("fields", "reliable", "lines"),
    [
        ({}, True, []),
        ({"supported": "100rel,timer, nguyen"}, True, ["Supported: 100rel, timer"]),
        ({"supported": "100rel,timer, nguyen"}, False, ["Supported: timer"]),
        ({"supported": "100rel"}, False, []),
        ({"require": "100rel", "rseq": "7"}, True, ["Require: 100rel", "RSeq: 7"]),
        ({"require": "100rel", "rseq": "7"}, False, []),
        ({"require": "nguyen", "rseq": "7 nguyen"}, True, []),
    ],
)
def test_only_known_extensions_are_spoken_of(fields: dict[str, str], reliable: bool, lines: list[str]) -> None:
    """And 100rel only where an 18x goes on reliably."""
    assert taken(**fields).negotiated(reliable=reliable) == lines


A, B, C = "<sip:10.0.0.1;lr>", "<sip:b,c@10.0.0.2:5070;lr>", "<sip:10.0.0.3;lr>"


@pytest.mark.parametrize(
    ("values", "forward", "reverse"),
    [
        ([], "", ""),
        ([A], A, A),
        ([A, B], f"{A},{B}", f"{B},{A}"),
        ([f"{A}, {B}", C], f"{A},{B},{C}", f"{C},{B},{A}"),
        ([f'"x, <y>" {A};r=1, {B};nguyen'], f"{A},{B}", f"{B},{A}"),
    ],
)
def test_a_route_set_is_the_uris_in_order_or_reversed(values: list[str], forward: str, reverse: str) -> None:
    """RFC 3261 §12.1: names and parameters of the header are nobody's business."""
    assert route_set(values) == forward
    assert route_set(values, reverse=True) == reverse


@pytest.mark.parametrize("value", ["nonsense, <>", "<sip:a", '"x', "<sip:a b>", "<sip:a\r\nX: 1>", ",<sip:\0>"])
def test_a_route_set_that_cannot_be_read_is_refused(value: str) -> None:
    """It would become our Route header."""
    with pytest.raises(ValueError, match=r"address|without its end"):
        route_set([A, value])


@pytest.mark.parametrize(
    ("routes", "target", "hop"),
    [
        ("", "sip:a@127.0.0.10:5070", ("127.0.0.10", 5070, "udp")),
        ("", "sip:a@10.9.9.9", TRUNK),
        ("<sip:127.0.0.10:5080;lr>,<sip:127.0.0.10:5090;lr>", "sip:a@10.9.9.9", ("127.0.0.10", 5080, "udp")),
        ("<sip:x,y@127.0.0.10:5080;lr>", "sip:a@10.9.9.9", ("127.0.0.10", 5080, "udp")),
        ("<sip:10.9.9.1;lr>", "sip:a@127.0.0.10:5070", TRUNK),
        ("<sip:198.51.100.7:5081;lr>", "sip:a@127.0.0.10:5070", ("198.51.100.7", 5081, "udp")),
    ],
)
def test_the_first_route_leads_the_way_and_only_to_where_its_owner_spoke_from(
    routes: str, target: str, hop: tuple[str, int, str]
) -> None:
    """Else to a trunk's address."""
    assert next_hop(routes, target, TRUNK, lambda ip: ip == "198.51.100.7") == hop


@pytest.mark.parametrize(("routes", "target"), [("", "tel:113"), ("", "*"), ("<tel:113>", "sip:a@127.0.0.10")])
def test_who_cannot_be_reached_by_sip_is_refused(routes: str, target: str) -> None:
    """Now, not when he is to be told that it is over."""
    with pytest.raises(ValueError, match="not a sip URI"):
        next_hop(routes, target, TRUNK)


OURS = exchange.own_route("A" * 120, "192.0.2.1:5060")


@pytest.mark.parametrize(
    ("said", "far"),
    [
        ([], ""),
        ([OURS], ""),
        (["<sip:10.8.8.2;lr>, <sip:10.8.8.1;lr>"], "<sip:10.8.8.1;lr>,<sip:10.8.8.2;lr>"),
        (["<sip:10.8.8.2;lr>", f"<sip:10.8.8.1;lr>,{OURS}"], "<sip:10.8.8.1;lr>,<sip:10.8.8.2;lr>"),
        ([OURS, "<sip:10.8.8.1;lr>"], f"<sip:10.8.8.1;lr>,{OURS}"),  # a call that came round by us again
        ([OURS.replace("192.0.2.1", "192.0.2.2")], OURS.replace("192.0.2.1", "192.0.2.2")),
    ],
)
def test_the_route_to_a_leg_is_without_the_record_route_we_gave_it(said: list[str], far: str) -> None:
    """Which is the lowest, where it is ours; a request to ourselves would never get there."""
    assert exchange.far_routes(said, "192.0.2.1:5060") == far


@pytest.mark.parametrize(
    ("routes", "found"),
    [
        ([], ""),
        ([OURS], "A" * 120),
        (["<sip:10.9.9.9;lr>", f"<sip:10.9.9.8;lr>, {OURS}"], "A" * 120),
        (["<sip:10.9.9.9;lr>"], ""),
        (["<sip:192.0.2.1:5060;lr>"], ""),
        (["<sip:@192.0.2.1:5060;lr>"], ""),
    ],
)
def test_the_rest_of_a_token_is_found_wherever_it_stands_in_the_route(routes: list[str], found: str) -> None:
    """Proxies of the sender's may stand before it."""
    assert exchange.rest_in(routes, "192.0.2.1:5060") == found
