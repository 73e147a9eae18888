"""What RTCP says of a side ends at the edge (RFC 3550 §6.5: CNAME is user@host)."""

import base64

from deploy.wait import until
from tests.edge import HOTLINE, Edge
from tests.media_room import HIGH, answered, has, hear_each_other, media_of, offer, speaks
from tests.rtpengine import Sessions, asks
from tests.sip import Customer, Member, Recording
from tests.telephone import Telephone


def test_nobodys_reports_pass(
    customer: Customer, bob: Member, customers: Telephone, members: Telephone, sessions: Sessions
) -> None:
    """Both sides name themselves in RTCP; what the other gets are rtpengine's own reports, of another name."""
    del sessions
    call = answered(customer, HOTLINE, bob, customers, members)
    hear_each_other(call, bob, customers, members)
    for telephone, body in ((customers, call.replies[-1].body), (members, bob.invite.body)):
        host, port = media_of(body)
        for _ in range(3):
            telephone.reports_to((host, port + 1), f"somebody@{telephone.host}")
    assert until(lambda: bool(customers.reports and members.reports), 20), "rtpengine sends no reports of its own"
    for telephone in (customers, members):
        assert all(b"somebody" not in report and b"127.0.0." not in report for report in telephone.reports)
    assert call.hangs_up() == 200


def test_who_has_not_got_the_call_moves_nobodys_voice(
    customer: Customer, bob: Member, carol: Member, customers: Telephone, members: Telephone, sessions: Sessions,
    recording: Recording,
) -> None:  # fmt: skip
    """Carol answered too late and changes her session before she hears of her BYE: Bob goes on talking."""
    carol.ignores_cancel = True
    has(carol.carrier, members)
    call = answered(customer, HOTLINE, bob, customers, members)
    with Telephone("127.0.0.22", recording) as another:
        carol.answers(offer(another, "carol"))
        assert carol.was_acked
        assert carol.reinvites(offer(another, "carol", version=2)).status == 481
        assert speaks(customers, media_of(call.replies[-1].body), members, HIGH)
        assert another.heard == []
    assert [one for one in call.requests if one.method == "INVITE"] == []
    assert call.hangs_up() == 200
    assert sessions.become(0)


def test_no_address_passes_in_what_rtpengine_leaves_as_it_is(
    customer: Customer, bob: Member, customers: Telephone, members: Telephone, sessions: Sessions
) -> None:
    """`a=rtcp` of the whole session, and `m=message`: seen with rtpengine 10.5; the voice beside them is heard."""
    has(customer, customers)
    has(bob.carrier, members)

    def said(telephone: Telephone, who: str) -> bytes:
        here = f"IN IP4 {telephone.host}".encode()
        session, audio = offer(telephone, who).split(b"m=", 1)
        chat = b"m=message 7394 TCP/MSRP *\r\nc=%b\r\na=rtcp:7395 %b\r\n" % (here, here)
        return session + b"a=rtcp:7393 %b\r\nm=" % here + audio + chat

    call = customer.calls(HOTLINE, sdp=said(customers, customer.who))
    bob.rings()
    assert call.is_ringing
    bob.answers(said(members, "bob"))
    assert call.is_answered
    for body in (bob.invite.body, call.replies[-1].body):
        assert b"127.0.0.11" not in body
        assert b"127.0.0.21" not in body
        assert b"m=message 0 TCP/MSRP *" in body
    hear_each_other(call, bob, customers, members)
    assert call.hangs_up() == 200
    assert sessions.become(0)


def test_its_log_tells_of_nobody(edge: Edge) -> None:
    """rtpengine shows what it cannot take, all of it: of that no number and no address comes to the disk."""
    log = edge.stack.log("rtpengine")
    body = "v=0\r\no=0909789846 1 1 IN IP4 203.0.113.77\r\nc=IN IP6 2001:db8::77\r\nm=audio\r\n"
    coded = base64.b64encode(body.encode()).decode()
    said = {"call-id": "c0ffee", "from-tag": "caller", "to-tag": "member", "label": coded, "sdp": body}
    assert asks(edge.rtpengine, "offer", **said)["result"] == "error"
    assert until(lambda: "Protocol error" in log.read_text(), 10)
    kept = log.read_text()
    assert not [word for word in ("909789846", "203.0.113", "2001:db8", coded[:64]) if word in kept]
    assert log.stat().st_mode & 0o777 == 0o600
