"""Trunks and gateways against where the edge listens."""

import pytest

from kemi.check.carriers import GatewayRow, gateway_verdicts, own, trunk_verdicts

LOOPBACK = "udp:127.0.0.1:5060"
REAL = "udp:192.0.2.10:5060"


@pytest.mark.parametrize(
    ("listen", "address", "why"),
    [
        (REAL, "203.0.113.5/32", None),
        (REAL, "127.0.0.10/32", None),  # `make call` rings from here
        ("udp:0.0.0.0:5060", "203.0.113.0/24", None),
        (LOOPBACK, "127.0.0.10/32", None),
        ("udp:[::1]:5060", "::1/128", None),
        ("udp:[::]:5060", "203.0.113.5/32", None),
        ("", "203.0.113.5/32", None),
        (LOOPBACK, "203.0.113.5/32", "203.0.113.5/32: the edge listens on 127.0.0.1 only"),
        ("udp:[::1]:5060", "2001:db8::/120", "2001:db8::/120: the edge listens on ::1 only"),
        (REAL, "2001:db8::5/128", "2001:db8::5/128: the edge has no IPv6 address"),
    ],
)
def test_a_trunk_is_where_the_edge_can_be_reached_from(listen: str, address: str, why: str | None) -> None:
    (found,) = trunk_verdicts([(1, "carrier", [address], None)], own(listen, "own"))
    assert (found.state, found.reason is None) == (("yes", True) if why is None else ("no", False))
    assert why is None or str(found.reason).startswith(why)


def gateway(
    host: str = "203.0.113.6", port: int = 5060, transport: str = "udp", proxy: str | None = None, *, srtp: bool = False
) -> GatewayRow:
    return GatewayRow(1, "carrier", host, port, transport, proxy, srtp, None)


@pytest.mark.parametrize(
    ("listen", "media", "row", "why"),
    [
        (REAL, "own", gateway(), None),
        (REAL, "own", gateway(host="2001:db8::6", proxy="203.0.113.7:5070"), None),
        ("udp:[2001:db8::1]:5060", "own", gateway(proxy="[2001:db8::7]:5060"), None),
        ("udp:192.0.2.10:5060 tcp:192.0.2.10:5060", "own", gateway(transport="tcp"), None),
        (REAL, "own", gateway(srtp=True), None),
        ("", "", gateway(transport="tcp"), None),
        (LOOPBACK, "own", gateway(), "the edge listens on 127.0.0.1 only"),
        (REAL, "own", gateway(host="2001:db8::6"), "the edge has no IPv6 address"),
        (REAL, "own", gateway(proxy="[2001:db8::7]:5060"), "the edge has no IPv6 address"),
        (REAL, "own", gateway(host="192.0.2.10"), "the gateway is this edge itself"),
        (REAL, "own", gateway(transport="tcp"), "cannot ring: SIP_TCP is off"),
        (REAL, "none", gateway(srtp=True), "the gateway wants SRTP, and there is no rtpengine"),
    ],
)
def test_a_gateway_is_where_the_edge_reaches_it(listen: str, media: str, row: GatewayRow, why: str | None) -> None:
    (found,) = gateway_verdicts([row], own(listen, media))
    assert (found.state, found.reason is None) == (("yes", True) if why is None else ("no", False))
    assert why is None or str(found.reason).startswith(why)


def test_an_edge_with_sip_tcp_speaks_it_where_it_listens() -> None:
    (found,) = gateway_verdicts([gateway(transport="tcp")], own(REAL, "own", "yes"))
    assert found.state == "yes"
    (found,) = gateway_verdicts([gateway(host="2001:db8::6", transport="tcp")], own(REAL, "own", "yes"))
    assert found.reason == "the edge has no IPv6 address (SIP_LISTEN)"


def test_what_the_tables_say_goes_first() -> None:
    (found,) = gateway_verdicts([gateway()._replace(reason="the gateway is disabled")], own(LOOPBACK, "none"))
    assert (found.state, found.reason) == ("off", "the gateway is disabled")
