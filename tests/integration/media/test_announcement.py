"""What the caller hears once, before anybody rings: that the call is recorded, say. Members ring when it is over."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.wait import until
from tests.edge import HOTLINE, Edge
from tests.integration.features import RELIABLE
from tests.integration.media.recordings import recorded, set_records
from tests.integration.media.sounds import load, plays
from tests.listening import RATE, a_law, likeness, share, sweep
from tests.media_room import HIGH, hear_each_other, media_of, offer, speaks
from tests.rtpengine import Sessions
from tests.sip import Call, Customer, Member
from tests.telephone import Telephone

PATIENT = 20.0
WORDS = sweep(1.5, high=1200)
RINGING = 425.0  # Hz

# Who cannot be told is not recorded; by some of these tests on purpose.
pytestmark = pytest.mark.may_log("kamailio", "alarm=waiting_sound_unheard", "alarm=not_recorded")


@pytest.fixture(scope="module")
def words(edge: Edge, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The announcement, as the edge's files name it."""
    return load(edge, tmp_path_factory.mktemp("words"), "words", sweep(1.5, 16_000, high=1200))


@pytest.fixture(autouse=True)
def announced(edge: Edge, words: str) -> Iterator[None]:
    """The group announces it, in every test; no longer than that."""
    plays(edge, "announcement", words)
    yield
    plays(edge, "announcement", None)


@pytest.fixture
def records(edge: Edge) -> Iterator[None]:
    """The group records; no longer than this test."""
    set_records(edge, "always", 90)
    yield
    set_records(edge, "never", None)


def called(customer: Customer, customers: Telephone) -> Call:
    return customer.calls(HOTLINE, sdp=offer(customers, customer.who))


def begin(telephone: Telephone) -> list[int]:
    """Wait for the first second that a telephone hears."""
    assert until(lambda: len(telephone.voice()) > RATE, PATIENT)
    return a_law(telephone.voice()[:RATE])


def test_it_is_heard_before_anybody_rings_and_then_it_rings(
    edge: Edge, customer: Customer, bob: Member, customers: Telephone, members: Telephone, sessions: Sessions
) -> None:
    call = called(customer, customers)
    assert call.heard(183)
    assert bob.was_invited
    assert len(customers.voice()) > 1.2 * RATE, "nobody rings before it is over"
    assert likeness(begin(customers)[3200:4000], WORDS) > 0.95
    bob.rings()
    assert until(lambda: share(a_law(customers.voice()[-1600:]), RINGING) > 0.9, PATIENT), "a ringing tone of ours"
    bob.answers(offer(members, "bob"))
    assert call.is_answered
    assert call.saw == [183, 200]
    hear_each_other(call, bob, customers, members)
    assert call.hangs_up() == 200
    assert edge.ledger.call(call.call_id, "answered", ended=True)["ended_by"] == "caller"
    assert edge.ledger.outcomes(call.call_id)["0844441909"] == "answered"
    assert sessions.become(0)


def test_the_waiting_sound_follows_it(
    edge: Edge, customer: Customer, bob: Member, customers: Telephone, sessions: Sessions, tmp_path: Path
) -> None:
    tune = sweep(1.0, low=1500)
    plays(edge, "waiting_sound", load(edge, tmp_path, "after", sweep(1.0, 16_000, low=1500)))
    try:
        call = called(customer, customers)
        bob.rings()
        assert until(lambda: likeness(a_law(customers.voice()[-800:]), tune) > 0.9, PATIENT)
        assert likeness(begin(customers)[3200:4000], WORDS) > 0.95
        assert call.cancels() == 200
        assert call.final() == 487
        assert call.saw == [183, 487]
        assert sessions.become(0)
    finally:
        plays(edge, "waiting_sound", None)


def test_who_hangs_up_meanwhile_has_called_nobody(
    edge: Edge, customer: Customer, bob: Member, customers: Telephone, sessions: Sessions
) -> None:
    call = called(customer, customers)
    assert call.heard(183)
    assert call.cancels() == 200
    assert call.final() == 487
    assert edge.ledger.call(call.call_id, "missed")["final_code"] == 487
    assert edge.ledger.outcomes(call.call_id) == {}
    assert not bob.legs
    assert sessions.become(0)


def is_not_recorded(edge: Edge, call: Call) -> bool:
    """Whether the ledger expects no file, and rtpengine has begun none."""
    row = edge.ledger.call(call.call_id, "answered")
    raw = edge.stack.settings.var_dir / "recordings" / "raw" / "pcaps"
    expected = edge.ledger.rows("select 1 from recording where call_id = %(id)s", id=row["id"])
    return not expected and not list(raw.glob(f"{row['id']}*"))


@pytest.mark.usefixtures("records")
def test_who_requires_100rel_is_not_told_and_not_recorded(
    edge: Edge, customer: Customer, bob: Member, customers: Telephone, members: Telephone, sessions: Sessions
) -> None:
    """Members ring at once."""
    call = customer.calls(HOTLINE, sdp=offer(customers, customer.who), extra_headers=RELIABLE)
    bob.rings(183, [("Require", "100rel"), ("RSeq", "1")])
    assert call.heard(183)
    bob.answers(offer(members, "bob"))
    assert call.is_answered
    hear_each_other(call, bob, customers, members)
    assert {one.ssrc for one in customers.heard} == {members.ssrc}
    assert is_not_recorded(edge, call)
    assert call.hangs_up() == 200
    assert sessions.become(0)


@pytest.mark.usefixtures("records")
def test_who_offers_late_is_not_told_and_not_recorded(
    edge: Edge, customer: Customer, bob: Member, customers: Telephone, members: Telephone, sessions: Sessions
) -> None:
    """He hears nothing before his own answer, which is in his ACK."""
    call = customer.calls(HOTLINE, sdp=b"", acks=False)
    bob.answers(offer(members, "bob"))
    assert call.is_answered
    call._next_ack_body = offer(customers, customer.who)
    call.acks()
    assert bob.leg.received("ACK")
    assert speaks(customers, media_of(call.replies[-1].body), members, HIGH)
    assert is_not_recorded(edge, call)
    assert call.hangs_up() == 200
    assert sessions.become(0)


@pytest.mark.usefixtures("records")
def test_who_is_told_is_recorded(
    edge: Edge, customer: Customer, bob: Member, customers: Telephone, members: Telephone, sessions: Sessions
) -> None:
    call = called(customer, customers)
    assert call.heard(183)
    bob.answers(offer(members, "bob"))
    assert call.is_answered
    hear_each_other(call, bob, customers, members)
    assert call.hangs_up() == 200
    assert sessions.become(0)
    assert recorded(edge, call.call_id)["file"]


@pytest.mark.usefixtures("records")
def test_without_its_file_members_ring_at_once_and_nothing_is_recorded(
    edge: Edge, customer: Customer, bob: Member, customers: Telephone, members: Telephone, words: str, log_since: int,
    sessions: Sessions,
) -> None:  # fmt: skip
    """An alarm says so."""
    folder = edge.stack.settings.var_dir / "sounds"
    (folder / f"{words}.narrow.wav").rename(folder / "elsewhere")
    try:
        call = called(customer, customers)
        bob.answers(offer(members, "bob"))
        assert call.is_answered
        assert edge.logs("alarm=waiting_sound_unheard", log_since)
        assert edge.logs("alarm=not_recorded", log_since)
        hear_each_other(call, bob, customers, members)
        assert bob.reinvites(offer(members, "bob", version=2)).status == 200
        assert call.reinvites(offer(customers, customer.who, version=2)).status == 200
        assert is_not_recorded(edge, call)
        assert call.hangs_up() == 200
        assert sessions.become(0)
    finally:
        (folder / "elsewhere").rename(folder / f"{words}.narrow.wav")
