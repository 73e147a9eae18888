"""A Via that comes back is known again, or is not its sender's."""

import pytest

from kemi.domain import addresses


@pytest.mark.parametrize(
    ("came", "own"),
    [
        ("SIP/2.0/UDP h:5060;branch=z", "SIP/2.0/UDP h:5060;branch=z"),
        ("SIP/2.0/UDP h;received=10.0.0.1;branch=z", "SIP/2.0/UDP h;branch=z"),
        ("SIP/2.0/UDP h;branch=z;rport=5062;received=10.0.0.1", "SIP/2.0/UDP h;branch=z;rport"),
        ("SIP/2.0/TCP h;branch=z;i=1", "SIP/2.0/TCP h;branch=z"),
    ],
)
def test_a_via_is_known_again_with_what_servers_add(came: str, own: str) -> None:
    """RFC 3261 §18.2.1, RFC 3581 §4."""
    assert addresses.is_via_of(came, own)


@pytest.mark.parametrize(
    "came", ["", "SIP/2.0/UDP h;branch=y", "SIP/2.0/UDP h;branch=z;x=0844441909", "SIP/2.0/UDP g;branch=z"]
)
def test_any_other_via_is_not_its_senders(came: str) -> None:
    """Not by one letter."""
    assert not addresses.is_via_of(came, "SIP/2.0/UDP h;branch=z")


def test_a_via_goes_back_with_where_it_came_from() -> None:
    """With a port where it asked for one."""
    assert addresses.via_seen("SIP/2.0/UDP h;rport;branch=z", "10.0.0.1", 9) == (
        "SIP/2.0/UDP h;rport=9;branch=z;received=10.0.0.1"
    )
    assert addresses.via_seen("SIP/2.0/UDP h;branch=z", "10.0.0.1", 9) == "SIP/2.0/UDP h;branch=z;received=10.0.0.1"


@pytest.mark.parametrize(
    ("host", "is_so"),
    [
        ("255.255.255.255", True),
        ("255.255.255.255:5060", True),
        ("224.0.0.1", True),
        ("239.255.255.250 ", True),
        ("[ff02::1]:5060", True),
        ("192.0.2.255", False),
        ("240.0.0.1", False),
        ("255.255.255.255.example.com", False),
        ("[fe80::1]", False),
    ],
)
def test_a_via_of_everybodys_is_known(host: str, is_so: bool) -> None:
    """RFC 4475 §3.3.10; which address is a network's own broadcast cannot be known."""
    assert addresses.is_to_all(f"SIP/2.0/UDP {host};branch=z9hG4bKsaber") is is_so
