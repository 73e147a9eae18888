"""A real PJSIP as the carrier: it answers 482 to a merged request (RFC 3261 §8.2.2.2), and rings all our members."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from deploy.settings import ROOT
from tests.capture import Capture
from tests.edge import BOB, GATEWAY_HOST, HOTLINE, MEMBERS, Edge, Ledger, Texts
from tests.leaks import Sides, find_leaks
from tests.sip import Customer
from tests.sip.message import parse


class Pjsip:
    """The subprocess, its facts as they come, and orders to it."""

    def __init__(self, host: str, port: int) -> None:
        command = [sys.executable, "-m", "tests.integration.pjsip_carrier", host, str(port)]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self._changed = threading.Condition()
        self.facts: list[dict[str, Any]] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)
        self._reader.join()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def order(self, **what: str) -> None:
        """Tell it to answer or hang up."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(what) + "\n")
        self._process.stdin.flush()

    def numbers(self, what: str, times: int, within: float = 10.0) -> list[str]:
        """Wait for `times` facts of a kind; the numbers they are about."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._about(what)) >= times, within)
            return [fact["number"] for fact in self._about(what)]

    def is_ready(self) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: any("ready" in fact for fact in self.facts), 20.0)

    def _about(self, what: str) -> list[dict[str, Any]]:
        return [fact for fact in self.facts if fact.get("what") == what]

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            with self._changed:
                self.facts.append(json.loads(line))
                self._changed.notify_all()


@pytest.fixture
def pjsip(edge: Edge) -> Iterator[Pjsip]:
    """PJSIP on the gateway's address."""
    pjsip = Pjsip(GATEWAY_HOST, edge.gateway_port)
    try:
        assert pjsip.is_ready(), pjsip.facts
        yield pjsip
    finally:
        pjsip.close()


@pytest.fixture
def capture(edge: Edge, sides: Sides) -> Iterator[Capture]:
    """What passed on the wire; the leak check runs over it, for PJSIP records nothing."""
    with Capture(edge.address[1]) as capture:
        yield capture
    findings = find_leaks(capture.packets, sides)
    assert not findings, "\n".join(str(each) for each in findings)


@pytest.mark.usefixtures("capture")
def test_pjsip_rings_every_member_and_one_answers(customer: Customer, pjsip: Pjsip, ledger: Ledger, sms: Texts) -> None:
    """All legs go to one PJSIP endpoint; a plain fork would get 482 for all but the first."""
    call = customer.calls(HOTLINE)
    assert sorted(pjsip.numbers("ringing", 4)) == sorted(MEMBERS)
    assert len({fact["call_id"] for fact in pjsip.facts if fact.get("what") == "ringing"}) == 4
    pjsip.order(answer=BOB)
    assert call.is_answered
    assert pjsip.numbers("answered", 1) == [BOB]
    assert sorted(pjsip.numbers("ended", 3)) == sorted(set(MEMBERS) - {BOB})
    assert call.reinvites().status == 200
    assert call.hangs_up() == 200
    assert BOB in pjsip.numbers("ended", 4)
    assert ledger.call(call.call_id, "answered", ended=True)["ended_by"] == "caller"
    assert set(ledger.outcomes(call.call_id)) == set(MEMBERS)
    assert set(sms.of(call.call_id)) == {BOB}
    assert ledger.outcomes(call.call_id)[BOB] == "answered"


@pytest.mark.usefixtures("capture")
def test_pjsip_hangs_up(customer: Customer, pjsip: Pjsip, ledger: Ledger) -> None:
    """Its BYE goes to the token in our Contact, within its limit of 255 characters."""
    call = customer.calls(HOTLINE)
    assert len(pjsip.numbers("ringing", 4)) == 4
    pjsip.order(answer=BOB)
    assert call.is_answered
    assert pjsip.numbers("answered", 1) == [BOB]
    pjsip.order(hang_up=BOB)
    assert call.was_hung_up
    assert ledger.call(call.call_id, "answered", ended=True)["ended_by"] == "member"


@pytest.mark.usefixtures("capture")
def test_the_customer_gives_up_at_pjsip(customer: Customer, pjsip: Pjsip, ledger: Ledger) -> None:
    call = customer.calls(HOTLINE)
    assert len(pjsip.numbers("ringing", 4)) == 4
    assert call.is_ringing
    assert call.cancels() == 200
    assert call.final() == 487
    assert sorted(pjsip.numbers("ended", 4)) == sorted(MEMBERS)
    assert ledger.call(call.call_id, "missed")["reason"] == "caller_gave_up"
    assert ledger.outcomes(call.call_id) == dict.fromkeys(MEMBERS, "cancelled")


def test_pjsip_itself_answers_482_to_a_merged_request(customer: Customer, edge: Edge, pjsip: Pjsip) -> None:
    """The control: this PJSIP does what the distinct Call-IDs are for."""
    invite = customer.invite(BOB)
    address = (GATEWAY_HOST, edge.gateway_port)
    first = customer.transact(invite, address)
    assert pjsip.numbers("ringing", 1) == [BOB]
    merged = parse(invite.raw.replace(invite.branch.encode(), b"z9hG4bKanother"))
    assert customer.transact(merged, address).outcome().status == 482
    assert first.final is None
