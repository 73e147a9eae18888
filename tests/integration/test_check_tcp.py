"""`extgroup check` and `explain` of gateways that speak TCP, on edges that do and on edges that do not."""
# ruff: noqa: F811  (fixtures of next door)

import pytest

from tests.integration.test_check import Desk, desk, log_since  # noqa: F401

SECOND = """
    insert into gateway (id, name, host, transport) values (9, 'second', '127.0.0.29', 'tcp');
    insert into gateway_number (gateway_id, number) values (9, '02727777787');
"""


def test_a_gateway_that_speaks_what_the_edge_does_not_is_told_and_fails(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the group rings through another: it never gets a leg. With SIP_TCP=yes all is well."""
    monkeypatch.setenv("SIP_LISTEN", "udp:127.0.0.1:5060")
    desk.sql(SECOND)
    desk.compile()
    status, found = desk.checks("--problems")
    assert status == 1
    assert [(one["id"], one["reason"]) for one in found["gateways"]] == [(9, "cannot ring: SIP_TCP is off")]
    assert found["groups"] == []
    desk.sql("update gateway set transport = 'tcp'")
    desk.compile()
    status, out = desk.asks("explain", "02727777787")
    assert status == 1
    assert "cannot ring: SIP_TCP is off, and the gateway that accepts the outbound number speaks TCP" in out
    desk.tcp = "yes"
    assert desk.checks()[1]["differences"] == ["g:1", "g:9"]
    desk.compile()
    assert desk.checks()[0] == 0


def test_a_gateway_that_is_switched_off_is_no_problem_whatever_it_speaks(desk: Desk) -> None:
    desk.sql(SECOND)
    desk.sql("update gateway set enabled = false where id = 9")
    desk.compile()
    assert desk.checks()[0] == 0
