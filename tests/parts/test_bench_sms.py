"""The benchmark of the SMS side counts what it says it counts."""

import pytest

from tests.bench_sms import queues, report, wire
from tests.bench_sms.figures import spread
from tests.bench_sms.report import Found
from tests.edge import CUSTOMER_HOST, EDGE_HOST, GATEWAY_HOST
from tests.sip.wire import Packet


def packet(at: float, src: str, dst: str, first: str, call: str, method: str = "INVITE", body: str = "") -> Packet:
    raw = f"{first}\r\nCall-ID: {call}\r\nCSeq: 1 {method}\r\n\r\n{body}"
    return Packet(at, (src, 5060), (dst, 5060), raw.encode())


def test_every_event_and_every_sms_is_counted() -> None:
    """Two calls of five members, one answered; ten SMS through two senders, none twice."""
    found = Found(queues.events(2), [queues.texts(2, 2, 4)], None, 0, None, "here")
    assert found.events is not None
    assert (found.events.events, found.events.calls, found.events.notifications) == (2 * 6 + 1 + 2, 2, 6)
    assert [(one.senders, one.texts) for one in found.texts] == [(2, 10)]
    told = report.as_json(found)
    assert told["texts"][0]["rate"] == pytest.approx(10 / told["texts"][0]["seconds"])
    assert len(report.tables(found)) == 2


def test_an_answer_is_found_by_the_media_port_of_its_leg() -> None:
    """The first of two, of the leg that shows the caller's port; a 200 to a BYE is none."""
    packets = [
        packet(1.0, EDGE_HOST, GATEWAY_HOST, "INVITE sip:a@b SIP/2.0", "leg", body="v=0\r\nm=audio 10002 RTP/AVP 8"),
        packet(2.0, GATEWAY_HOST, EDGE_HOST, "SIP/2.0 200 OK", "leg", "BYE"),
        packet(3.0, GATEWAY_HOST, EDGE_HOST, "SIP/2.0 200 OK", "leg"),
        packet(4.0, GATEWAY_HOST, EDGE_HOST, "SIP/2.0 200 OK", "leg"),
        packet(5.0, GATEWAY_HOST, EDGE_HOST, "SIP/2.0 200 OK", "another"),
    ]
    assert wire.answers(packets, {10002: "0909000001"}) == {"0909000001": 3.0}


def test_a_call_s_moments_are_its_first_ones() -> None:
    """A retransmission is a later one; what was never seen is none."""
    ways = (CUSTOMER_HOST, EDGE_HOST), (EDGE_HOST, CUSTOMER_HOST)
    packets = [
        packet(1.0, *ways[0], "INVITE sip:a@b SIP/2.0", "x"),
        packet(1.5, *ways[0], "INVITE sip:a@b SIP/2.0", "x"),
        packet(1.6, *ways[1], "SIP/2.0 100 Trying", "x"),
        packet(2.0, *ways[0], "CANCEL sip:a@b SIP/2.0", "x", "CANCEL"),
        packet(2.1, *ways[1], "SIP/2.0 200 OK", "x", "CANCEL"),
        packet(2.2, *ways[1], "SIP/2.0 487 Request Terminated", "x"),
    ]
    assert wire.moments(packets) == {"x": wire.Moment(1.0, 1.6, None, 2.0, 2.1, 2.2)}


def test_a_spread_is_by_nearest_rank_in_milliseconds() -> None:
    assert spread([place / 1000 for place in range(1, 101)])[:4] == (100, 50.0, 95.0, 99.0)
    assert spread([])[0] == 0
