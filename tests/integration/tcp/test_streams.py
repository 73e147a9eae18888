"""What comes down a connection: messages in pieces, large ones, what cannot be read, and a stranger's words."""

import socket

import pytest

from tests.edge import CUSTOMER_HOST, GATEWAY_HOST, HOTLINE, STRANGER_HOST, Edge
from tests.integration.tcp.conftest import Ways
from tests.logs import UNREADABLE
from tests.sip import Carrier, Customer, Member

BROKEN = (
    f"INVITE sip:{HOTLINE}@edge; lr SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.10:9;branch=z9hG4bK1\r\n"
    f"From: <sip:a@b>;tag=1\r\nTo: <sip:{HOTLINE}@edge>\r\n"
    "Call-ID: broken\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n"
).encode()
BOTH = pytest.mark.parametrize("ways", [Ways("tcp", "tcp")], indirect=True, ids="-".join)


@BOTH
def test_what_a_peer_says_of_his_connection_is_not_believed(edge: Edge, customer: Customer, bob: Member) -> None:
    """`;alias` (RFC 5923) in a stranger's Via, who says that he is the gateway: its calls do not come to him."""
    with socket.create_connection(edge.address, 5.0, (STRANGER_HOST, 0)) as sock:
        via = f"SIP/2.0/TCP {GATEWAY_HOST}:{edge.gateway_port};branch=z9hG4bKalias;alias"
        asked = customer.invite(HOTLINE).raw.replace(customer.invite(HOTLINE).get("via").encode(), b"")
        head, _, rest = asked.partition(b"Via: ")
        sock.sendall(head + b"Via: " + via.encode() + b"\r\n" + rest.partition(b"\r\n")[2])
        assert sock.recv(65_535).startswith(b"SIP/2.0 403 ")
        call = customer.calls(HOTLINE)
        bob.answers()
        assert call.is_answered
        assert call.hangs_up() == 200
        sock.setblocking(False)
        with pytest.raises(BlockingIOError):
            sock.recv(1)


@BOTH
@pytest.mark.may_log("kamailio", *UNREADABLE)
def test_what_cannot_be_parsed_is_answered_down_its_connection_or_not_at_all(
    edge: Edge, customer: Customer, carrier: Carrier
) -> None:
    """A trunk's gets 400 and its connection lives on; a stranger's gets nothing (kemi/decisions/0044)."""
    with (
        socket.create_connection(edge.address, 5.0, (CUSTOMER_HOST, 0)) as trunk,
        socket.create_connection(edge.address, 5.0, (STRANGER_HOST, 0)) as stranger,
    ):
        for _ in range(2):
            trunk.sendall(BROKEN)
            assert trunk.recv(65_535).startswith(b"SIP/2.0 400 ")
        stranger.sendall(BROKEN)
        stranger.sendall(customer.invite(HOTLINE).raw)
        assert stranger.recv(65_535).startswith(b"SIP/2.0 403 ")  # so to the first nothing was said
    assert carrier.invites == []


@BOTH
@pytest.mark.parametrize(
    "raw",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 200,  # somebody tries TLS
        b"GET / HTTP/1.1\r\nHost: edge\r\n\r\n",
        b"INVITE sip:x SIP/2.0\r\nContent-Length: 99999999999\r\n\r\n",
        b"INVITE sip:x SIP/2.0\r\nContent-Length: -1\r\n\r\n",
        b"INVITE sip:x SIP/2.0\r\nVia: SIP/2.0/TCP h\r\n\r\n",
        b"A" * 200_000,
        b"\r\n" * 10_000,
        bytes(range(256)) * 64,
    ],
    ids=["TLS", "HTTP", "too long", "negative", "no length", "endless", "keep-alives", "bytes"],
)
@pytest.mark.may_log("kamailio", "tcp_read", *UNREADABLE)
def test_noise_costs_its_sender_the_connection_and_nobody_else_anything(
    edge: Edge, customer: Customer, raw: bytes
) -> None:
    pid = (edge.stack.settings.var_dir / "run" / "kamailio.pid").read_text()
    with socket.create_connection(edge.address, 5.0, (STRANGER_HOST, 0)) as sock:
        try:
            sock.sendall(raw)
            sock.shutdown(socket.SHUT_WR)
            while sock.recv(65_535):
                pass
        except OSError:  # it is closed already
            pass
    assert customer.asks("OPTIONS").outcome().status == 200
    assert (edge.stack.settings.var_dir / "run" / "kamailio.pid").read_text() == pid


@BOTH
def test_a_message_in_pieces_and_two_in_one_are_read(edge: Edge, customer: Customer, bob: Member) -> None:
    """A stream has no borders but Content-Length."""
    host = customer.address[0]
    one, two = customer.invite(HOTLINE), customer.invite("02799999999")
    with socket.create_connection(edge.address, 5.0, (host, 0)) as sock:
        text = one.raw + b"\r\n\r\n" + two.raw
        for piece in (text[:10], text[10:700], text[700:]):
            sock.sendall(piece)
        assert bob.was_invited
        came = b""
        while b"SIP/2.0 404 " not in came:
            came += sock.recv(65_535)
        sock.sendall(
            one.raw.split(b"\r\n\r\n", 1)[0].replace(b"INVITE", b"CANCEL").partition(b"\r\nContact:")[0]
            + b"\r\nContent-Length: 0\r\n\r\n"
        )
        while b"SIP/2.0 487 " not in came:
            came += sock.recv(65_535)
    assert bob.was_cancelled


@BOTH
@pytest.mark.parametrize("size", [5_000, 40_000])
def test_an_invite_larger_than_a_packet_is_whole(customer: Customer, bob: Member, size: int) -> None:
    """What UDP would cut into fragments."""
    sdp = customer.invite(HOTLINE).body + b"a=fmtp:8 " + b"x=1;" * 40 + b"\r\n"
    call = customer.calls(HOTLINE, extra_headers=[("Subject", "x" * size)], sdp=sdp)
    bob.answers()
    assert call.is_answered
    assert call.hangs_up() == 200
    assert bob.was_hung_up
