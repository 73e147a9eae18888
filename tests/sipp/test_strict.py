"""The scenarios' gateway is a strict UAS: 482 to a plain fork, never to ours. Its rules: test_rules.py."""

import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from deploy.parts import answers_options
from deploy.wait import until
from sipp_scenarios.play import play
from sipp_scenarios.scenario import Loss, load
from sipp_scenarios.strict import Strict
from tests.edge import EDGE_HOST, GATEWAY_HOST, HOTLINE, Edge, free_port
from tests.sip import Customer
from tests.sip.message import Address, Message, parse, reply_to
from tests.sipp.exchanged import request

HERE: Final = Path(__file__).parent
HIDDEN: Final = "127.0.0.24"


class Gateway:
    """A strict gateway's address, and the party behind it, spoken for by the test."""

    def __init__(self, edge: Address, port: int, *losses: Loss) -> None:
        self.address = (GATEWAY_HOST, port)
        self.strict = Strict(self.address, edge, HIDDEN, losses)
        self._party = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._party.bind(self.strict.ends[0])
        self._party.settimeout(10)

    def gets(self) -> Message:
        """The next message that came through."""
        return parse(self._party.recv(65535))

    def says(self, message: Message) -> None:
        """Send a message to the edge."""
        self._party.sendto(message.raw, self.strict.ends[1])

    def close(self) -> None:
        """Free the port."""
        self._party.close()


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[tuple[Address, Gateway]]:
    """A Kamailio with a plain fork, and the strict gateway that it forks to."""
    edge, port = (EDGE_HOST, free_port(EDGE_HOST)), free_port(GATEWAY_HOST)
    config = (HERE / "plain_fork.cfg").read_text().replace("GATEWAY", f"{GATEWAY_HOST}:{port}")
    (tmp_path / "plain.cfg").write_text(config)
    command = ["setpriv", "--pdeathsig", "TERM", "--", "kamailio", "-f", str(tmp_path / "plain.cfg"), "-DD", "-E"]
    command += ["-l", f"udp:{edge[0]}:{edge[1]}", "-Y", str(tmp_path), "-P", str(tmp_path / "pid")]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, env=os.environ, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        assert until(lambda: answers_options(edge), 20), (tmp_path / "log").read_text()
        gateway = Gateway(edge, port)
        with gateway.strict:
            yield edge, gateway
        gateway.close()
    finally:
        process.terminate()
        process.wait(10)


def test_a_plain_fork_rings_one_telephone_and_gets_482_for_the_others(plain: tuple[Address, Gateway]) -> None:
    """RFC 3261 §8.2.2.2, and why each of our legs has a Call-ID of its own (design: kemi/decisions/0001)."""
    edge, gateway = plain
    with Customer(edge) as customer:
        call = customer.calls(HOTLINE)
        invite = gateway.gets()
        gateway.says(reply_to(invite, 180, None, "bob", extra=[("Contact", f"<sip:bob@{HIDDEN}>")]))
        assert call.is_ringing
        assert until(lambda: len(gateway.strict.merged) == 2, 10)
        gateway.says(reply_to(invite, 486, None, "bob"))
        assert gateway.gets().method == "ACK"
        assert call.final() in {482, 486}
    assert gateway.strict.complaints() == "answered 482 to 2 merged requests"


def test_our_fork_rings_all_and_gets_no_482(edge: Edge) -> None:
    """Four legs through the same strict gateway, without a complaint."""
    scenario = load("01")
    played = play(scenario, edge)
    assert {role: words for role, words in played.complaints.items() if words} == {}
    assert sum(each.raw.startswith(b"INVITE") and each.dst[0] == GATEWAY_HOST for each in played.packets) == 4
    assert not any(each.raw.startswith(b"SIP/2.0 482") for each in played.packets)


@pytest.fixture
def strict() -> Iterator[Strict]:
    """A gateway that nobody is behind."""
    strict = Strict(("127.0.0.20", free_port("127.0.0.20")), ("127.0.0.1", 5060), HIDDEN)
    with strict:
        yield strict


def test_record_route_is_echoed_and_is_the_route(strict: Strict) -> None:
    """RFC 3261 §12.1.1, §12.2.1.1."""
    invite = request("INVITE", 1, "z9hG4bKinvite", more=[("Record-Route", "<sip:t@e;lr>")])
    strict.to_party(invite.raw)
    assert parse(strict.to_edge(reply_to(invite, 180, None, "m").raw)).get("record-route") == "<sip:t@e;lr>"
    assert parse(strict.to_edge(reply_to(invite, 100, None, "m").raw)).get("record-route") == ""
    assert parse(strict.to_edge(request("BYE", 7, "z9hG4bKmine", to_tag="a").raw)).get("route") == "<sip:t@e;lr>"
