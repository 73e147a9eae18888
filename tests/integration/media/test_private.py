"""What RTCP says of a side ends at the edge (RFC 3550 §6.5: CNAME is user@host)."""

from deploy.wait import until
from tests.edge import HOTLINE
from tests.media_room import answered, hear_each_other, media_of
from tests.rtpengine import Sessions
from tests.sip import Customer, Member
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
