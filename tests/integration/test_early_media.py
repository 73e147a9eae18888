"""What the caller hears while it rings: his own ringback, or the first telephone's sound (`early_media`)."""

from collections.abc import Iterator

import pytest

from kemi.table.store import TableReader
from tests.edge import HOTLINE, Edge
from tests.integration.features import origin
from tests.sip import Call, Customer, Member


@pytest.fixture
def first(edge: Edge) -> Iterator[None]:
    """The group passes on the first sound."""
    hear(edge, "first")
    yield
    hear(edge, "ringback")


def hear(edge: Edge, mode: str) -> None:
    edge.sql("update external_group set early_media = %(mode)s where name = 'Kinh doanh'", mode=mode)

    def holds(table: TableReader) -> bool:
        group = table.group_of("+842727777787")
        return group is not None and group.early_media == mode

    assert edge.table_says(holds)


def sounds(member: Member, code: int = 183) -> None:
    """An 18x with SDP."""
    member.rings(code, body=member.leg.describes())


def heard(call: Call) -> list[tuple[int, bool, str]]:
    """(code, whether with SDP, To tag) of each reply."""
    return [(reply.status, bool(reply.body), reply.to_tag) for reply in call.replies]


@pytest.mark.usefixtures("first")
def test_the_first_sound_passes_and_no_other(customer: Customer, bob: Member, carol: Member, dave: Member) -> None:
    """Bob only rings; Carol's announcement passes, Dave's stays here; Bob answers, in a dialog of his own."""
    call = customer.calls(HOTLINE)
    bob.rings()
    assert call.is_ringing
    sounds(carol)
    assert call.heard(183)
    sounds(dave)
    bob.answers()
    assert call.is_answered
    seen = heard(call)
    assert [(code, with_sdp) for code, with_sdp, _ in seen] == [(180, False), (183, True), (200, True)]
    assert len({tag for code, _, tag in seen if code != 180}) == 2
    assert "100rel" not in call.replies[1].get("require") + call.replies[1].get("supported")
    assert origin(call.replies[1].body) != origin(carol.leg.describes())
    assert call.hangs_up() == 200


@pytest.mark.usefixtures("first")
def test_when_the_first_one_is_silent_the_next_sound_passes(customer: Customer, bob: Member, carol: Member) -> None:
    """Bob's voicemail greeting ends with 486; Carol's 183 is heard then."""
    call = customer.calls(HOTLINE)
    sounds(bob)
    assert call.heard(183)
    bob.refuses(486)
    assert bob.was_acked
    sounds(carol)
    carol.carrier.must(lambda: call.saw.count(183) == 2, "the second 183")
    carol.answers()
    assert call.is_answered
    assert len({tag for _, _, tag in heard(call)}) == 2
    assert call.hangs_up() == 200


@pytest.mark.usefixtures("first")
def test_a_sound_that_cannot_be_read_is_a_180(customer: Customer, bob: Member) -> None:
    """Its media address is a name."""
    call = customer.calls(HOTLINE)
    bob.rings(183, body=bob.leg.describes().replace(b"IN IP4 127", b"IN IP4 media.example.net 127"))
    assert call.is_ringing
    bob.answers()
    assert call.is_answered
    assert [code for code, _, _ in heard(call)] == [180, 200]
    assert call.hangs_up() == 200


def test_by_default_sounds_stay_here(customer: Customer, bob: Member) -> None:
    """`ringback`: one plain 180."""
    call = customer.calls(HOTLINE)
    sounds(bob)
    assert call.is_ringing
    bob.answers()
    assert call.is_answered
    assert [(code, with_sdp) for code, with_sdp, _ in heard(call)] == [(180, False), (200, True)]
    assert call.hangs_up() == 200
