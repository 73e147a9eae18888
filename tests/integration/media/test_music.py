"""A group's sound is heard while it rings, from the first telephone's ringing to the answer; ringback otherwise."""

from pathlib import Path

import pytest

from deploy.wait import until
from kemi.domain.recording import read_note
from kemi.recording.making import make
from kemi.recording.pcap import Capture
from kemi.recording.streams import heard as sound_of
from kemi.recording.streams import streams
from tests.edge import HOTLINE, Edge
from tests.integration.features import RELIABLE
from tests.integration.media.sounds import TUNE
from tests.listening import RATE, a_law, likeness, read
from tests.media_room import HIGH, LOW, hear_each_other, media_of, offer
from tests.rtp import Packet, write_pcap
from tests.rtpengine import Sessions
from tests.sip import Call, Customer, Member
from tests.sip.message import build
from tests.telephone import Telephone, tone

PATIENT = 20.0
pytestmark = pytest.mark.usefixtures("playing")


def sounds_of(edge: Edge) -> Path:
    """Where the edge keeps sounds as files."""
    return edge.stack.settings.var_dir / "sounds"


def hears_the_tune(telephone: Telephone, since: int = 0) -> bool:
    """Wait for a second of voice, then compare its end with the sound, sample by sample."""
    assert until(lambda: len(telephone.voice(since)) > RATE, PATIENT), len(telephone.voice(since))
    return likeness(a_law(telephone.voice(since)[RATE - 800 : RATE]), TUNE) > 0.97


def rung(customer: Customer, bob: Member, customers: Telephone) -> Call:
    call = customer.calls(HOTLINE, sdp=offer(customers, customer.who))
    bob.rings()
    assert call.heard(183)
    return call


def test_the_sound_is_heard_from_the_first_ringing_to_the_answer(
    customer: Customer, bob: Member, carol: Member, customers: Telephone, members: Telephone
) -> None:
    """Not before anybody rings; then the sound, and nobody's ringing beside it; then the member, and nothing else."""
    call = customer.calls(HOTLINE, sdp=offer(customers, customer.who))
    assert bob.invite.body
    assert carol.invite.body
    assert customers.heard == []
    bob.rings()
    assert call.heard(183)
    early = call.replies[-1]
    carol.rings()
    assert hears_the_tune(customers)
    bob.answers(offer(members, "bob"))
    assert call.is_answered
    assert [one.status for one in call.replies] == [183, 200]
    assert media_of(call.replies[-1].body) == media_of(early.body), "one place for all he hears"
    hear_each_other(call, bob, customers, members)
    assert {one.ssrc for one in customers.heard[-10:]}.isdisjoint({customers.heard[0].ssrc}), "the music has stopped"
    assert call.hangs_up() == 200


def test_before_the_answer_nothing_passes_but_the_sound(
    customer: Customer, bob: Member, customers: Telephone, members: Telephone, sessions: Sessions
) -> None:
    """Carriers play ringing tones of their own, which would be mixed with it, and would then be sent his voice."""
    call = rung(customer, bob, customers)
    members.plays(media_of(bob.invite.body), tone(LOW, 30))
    customers.plays(media_of(call.replies[-1].body), tone(HIGH, 10))
    assert hears_the_tune(customers, len(customers.heard))
    assert members.ssrc not in {one.ssrc for one in customers.heard}
    assert members.heard == []
    bob.answers(offer(members, "bob"))
    assert call.is_answered
    hear_each_other(call, bob, customers, members)
    assert call.hangs_up() == 200
    assert sessions.become(0)


@pytest.mark.parametrize(("kind", "codec"), [(9, "G722/8000"), (96, "opus/48000/2")])
def test_it_is_heard_in_the_codec_that_the_caller_offers_first(
    kind: int, codec: str, customer: Customer, bob: Member, customers: Telephone, sessions: Sessions, tmp_path: Path
) -> None:
    said = f"RTP/AVP {kind} 8\r\na=rtpmap:{kind} {codec}\r\n".encode()
    body = offer(customers, "-").replace(b"RTP/AVP 8 0 101\r\n", said)
    call = customer.calls(HOTLINE, sdp=body)
    bob.rings()
    assert call.heard(183)
    assert until(lambda: sum(one.kind == kind for one in customers.heard) > 50, PATIENT)
    heard = [Packet(one.at, 4000, one.raw) for one in customers.heard if one.kind == kind]
    capture, note = Capture(write_pcap(tmp_path / "heard.pcap", heard)), read_note(f"caller=4000 {kind}={codec}")
    make(streams(sound_of(capture, note)), tmp_path / "heard.opus", tmp_path)
    assert likeness(read(tmp_path / "heard.opus", channels=2)[0][6000:6800], TUNE) > 0.9
    assert call.cancels() == 200
    assert sessions.become(0)


def test_the_183_is_an_early_dialog_of_its_own(
    customer: Customer, bob: Member, customers: Telephone, members: Telephone, sessions: Sessions
) -> None:
    """RFC 3261 §13.2.1: one answer in each dialog; §12.1.1: with a Contact. It takes all codecs that he offered."""
    call = rung(customer, bob, customers)
    early = call.replies[-1]
    assert early.get("contact")
    assert (early.get("require"), early.get("rseq")) == ("", "")
    bob.answers(offer(members, "bob"))
    assert call.is_answered
    answer = call.replies[-1]
    assert early.to_tag != answer.to_tag
    assert {line for line in early.body.split(b"\r\n") if line.startswith(b"a=rtpmap")}
    assert b"127.0.0.21" not in early.body
    assert call.hangs_up() == 200
    assert sessions.become(0)


def test_nobody_can_be_asked_in_that_early_dialog(customer: Customer, bob: Member, customers: Telephone) -> None:
    """Its Contact is the edge, without a token: an UPDATE gets 481, and the call rings on."""
    call = rung(customer, bob, customers)
    early = call.replies[-1]
    fields = [
        ("Via", customer.via()), ("Max-Forwards", "70"), ("From", early.get("from")), ("To", early.get("to")),
        ("Call-ID", early.call_id), ("CSeq", "103 UPDATE"), ("Contact", customer.contact),
    ]  # fmt: skip
    update = build(f"UPDATE {early.target} SIP/2.0", fields)
    assert customer.transact(update, customer.edge).outcome().status == 481
    assert call.cancels() == 200
    assert call.final() == 487


def test_a_network_that_asks_is_told_of_the_early_media(
    customer: Customer, bob: Member, customers: Telephone, sessions: Sessions
) -> None:
    """RFC 5009: it would not let it through otherwise; who does not ask is told nothing."""
    for asked, told in (([("P-Early-Media", "supported")], "sendonly"), ([], "")):
        call = customer.calls(HOTLINE, sdp=offer(customers, customer.who), extra_headers=asked)
        bob.rings()
        assert call.heard(183)
        assert call.replies[-1].get("p-early-media") == told
        assert call.cancels() == 200
        assert call.final() == 487
        bob.legs.clear()
    assert sessions.become(0)


def test_it_plays_on_while_members_ring_one_after_the_other(
    edge: Edge, customer: Customer, bob: Member, carol: Member, customers: Telephone, members: Telephone
) -> None:
    edge.sql("update external_group set strategy = 'sequential'")
    assert edge.table_says(lambda table: getattr(table.group_of("+842727777787"), "strategy", "") == "sequential")
    try:
        call = rung(customer, bob, customers)
        bob.refuses(486)
        carol.rings()
        assert hears_the_tune(customers, len(customers.heard))
        carol.answers(offer(members, "carol"))
        assert call.is_answered
        assert call.saw == [183, 200]
        hear_each_other(call, carol, customers, members)
        assert call.hangs_up() == 200
    finally:
        edge.sql("update external_group set strategy = 'simultaneous'")
        assert edge.table_says(lambda table: getattr(table.group_of("+842727777787"), "strategy", "") != "sequential")


def test_nothing_is_left_where_the_caller_gives_up(
    customer: Customer, bob: Member, customers: Telephone, sessions: Sessions
) -> None:
    call = rung(customer, bob, customers)
    assert call.cancels() == 200
    assert call.final() == 487
    assert sessions.become(0)


def test_nothing_is_left_where_all_refuse(
    customer: Customer, bob: Member, carol: Member, dave: Member, office: Member, customers: Telephone,
    sessions: Sessions,
) -> None:  # fmt: skip
    call = rung(customer, bob, customers)
    for member in (bob, carol, dave, office):
        member.refuses(486)
    assert call.final() == 486
    assert sessions.become(0)


def test_who_requires_100rel_hears_the_members_own_and_no_music(
    customer: Customer, bob: Member, customers: Telephone, members: Telephone
) -> None:
    """A reliable 183 of the edge's own would have to be PRACKed, and be answered by nobody (RFC 3262)."""
    call = customer.calls(HOTLINE, sdp=offer(customers, customer.who), extra_headers=RELIABLE)
    bob.rings(183, [("Require", "100rel"), ("RSeq", "1")])
    assert call.heard(183)
    assert call.replies[-1].get("rseq") == "1"
    bob.answers(offer(members, "bob"))
    assert call.is_answered
    hear_each_other(call, bob, customers, members)
    assert {one.ssrc for one in customers.heard} == {members.ssrc}
    assert call.hangs_up() == 200


@pytest.mark.may_log("kamailio", "alarm=waiting_sound_unheard")
def test_without_its_file_it_is_ringback_and_an_alarm(
    edge: Edge, customer: Customer, bob: Member, customers: Telephone, members: Telephone, tune: str,
    log_since: int,
) -> None:  # fmt: skip
    folder = sounds_of(edge)
    (folder / f"{tune}.narrow.wav").rename(folder / "elsewhere")
    try:
        call = customer.calls(HOTLINE, sdp=offer(customers, customer.who))
        bob.rings()
        assert call.is_ringing
        bob.answers(offer(members, "bob"))
        assert call.is_answered
        hear_each_other(call, bob, customers, members)
        assert {one.ssrc for one in customers.heard} == {members.ssrc}
        assert call.hangs_up() == 200
        assert edge.logs("alarm=waiting_sound_unheard", log_since)
    finally:
        (folder / "elsewhere").rename(folder / f"{tune}.narrow.wav")


@pytest.mark.may_log("kamailio", "alarm=waiting_sound_unheard")
@pytest.mark.may_log("rtpengine", "Failed to open media file for playback")
def test_a_file_that_cannot_be_played_is_ringback_and_an_alarm(
    edge: Edge, customer: Customer, bob: Member, customers: Telephone, members: Telephone, tune: str,
    log_since: int,
) -> None:  # fmt: skip
    """rtpengine says so before the caller is told anything."""
    file = sounds_of(edge) / f"{tune}.narrow.wav"
    good = file.read_bytes()
    file.write_bytes(b"no sound")
    try:
        call = customer.calls(HOTLINE, sdp=offer(customers, customer.who))
        bob.rings()
        assert call.is_ringing
        bob.answers(offer(members, "bob"))
        assert call.is_answered
        hear_each_other(call, bob, customers, members)
        assert call.hangs_up() == 200
        assert edge.logs("cannot_play", log_since)
    finally:
        file.write_bytes(good)
