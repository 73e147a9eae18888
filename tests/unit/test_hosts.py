"""Addresses as settings write them, and whose they are."""

import pytest

from deploy.hosts import is_mine


@pytest.mark.parametrize(
    ("host", "mine"),
    [("127.0.0.1", True), ("127.77.1.1", True), ("0.0.0.0", True), ("192.0.2.77", False), ("2001:db8::77", False)],  # noqa: S104 -- it is asked
)
def test_an_address_is_this_machines_or_not(host: str, mine: bool) -> None:
    """Kamailio would only die of it, again and again."""
    assert is_mine(host) is mine
