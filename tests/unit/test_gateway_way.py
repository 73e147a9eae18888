"""Where a gateway's requests are sent, and what the table and the tokens make of it."""

import pytest

from kemi.domain.addresses import Hop
from kemi.domain.gateways import way
from tests.unit.given import gateway


@pytest.mark.parametrize(
    ("proxy", "hop"),
    [
        (None, Hop("127.0.0.20", 5060, "udp")),
        ("192.0.2.9", Hop("192.0.2.9", 5060, "udp")),
        ("192.0.2.9:5080", Hop("192.0.2.9", 5080, "udp")),
        ("[2001:db8::9]", Hop("2001:db8::9", 5060, "udp")),
        ("[2001:db8::9]:5080", Hop("2001:db8::9", 5080, "udp")),
    ],
)
def test_requests_go_to_the_gateway_or_to_its_proxy(proxy: str | None, hop: Hop) -> None:
    """In each spelling that the column takes."""
    assert way(gateway(host="127.0.0.20", port=5060, proxy=proxy)) == hop
    assert way(gateway(host="127.0.0.20", port=5060, proxy=proxy, transport="tcp")) == hop._replace(transport="tcp")
