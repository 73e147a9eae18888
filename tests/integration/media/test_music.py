"""A group's sound is heard while it rings, from the first telephone's ringing to the answer; ringback otherwise."""

import array
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy.settings import ROOT
from deploy.wait import until
from kemi.recording.making import make
from kemi.recording.pcap import packets as packets_of
from kemi.recording.streams import streams
from tests.edge import CUSTOMER_HOST, HOTLINE, Edge
from tests.integration.features import RELIABLE
from tests.integration.media.sounds import load, plays
from tests.listening import a_law, likeness, read, share, sweep
from tests.media_room import LOW, hear_each_other, media_of, offer
from tests.rtp import Packet, write_pcap
from tests.rtpengine import Sessions
from tests.sip import Call, Customer, Member
from tests.telephone import RATE, Telephone, tone

PATIENT = 20.0
TUNE = sweep(2.0)


@pytest.fixture(scope="module")
def tune(edge: Edge, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The sound of the group, as the edge's files name it."""
    return load(edge, tmp_path_factory.mktemp("tune"), "tune", sweep(2.0, 16_000))


@pytest.fixture(autouse=True)
def playing(edge: Edge, tune: str) -> Iterator[None]:
    """The group plays it, in every test; no longer than that."""
    plays(edge, "waiting_sound", tune)
    yield
    plays(edge, "waiting_sound", None)


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
    capture = write_pcap(tmp_path / "heard.pcap", heard)
    make(streams(packets_of(capture), {4000}, {kind: codec}), tmp_path / "heard.opus", tmp_path)
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


def test_nothing_is_left_where_the_caller_gives_up_or_all_refuse(
    customer: Customer, bob: Member, carol: Member, dave: Member, office: Member, customers: Telephone,
    sessions: Sessions,
) -> None:  # fmt: skip
    call = rung(customer, bob, customers)
    assert call.cancels() == 200
    assert call.final() == 487
    assert sessions.become(0)
    del carol, dave, office


def test_who_requires_100rel_hears_the_members_own_and_no_music(
    customer: Customer, bob: Member, customers: Telephone, members: Telephone
) -> None:
    """A reliable 183 of the edge's own would have to be PRACKed, and be answered by nobody (RFC 3262)."""
    call = customer.calls(HOTLINE, sdp=offer(customers, customer.who), extra_headers=RELIABLE)
    bob.rings(183, [("Require", "100rel"), ("RSeq", "1")])
    assert call.heard(183)
    assert call.replies[-1].get("rseq") == "1"
    assert customers.heard == []
    bob.answers(offer(members, "bob"))
    assert call.is_answered
    assert call.hangs_up() == 200


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
        assert customers.heard == []
        bob.answers(offer(members, "bob"))
        assert call.is_answered
        hear_each_other(call, bob, customers, members)
        assert call.hangs_up() == 200
        assert edge.logs("alarm=waiting_sound_unheard", log_since)
    finally:
        (folder / "elsewhere").rename(folder / f"{tune}.narrow.wav")


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


def test_a_real_telephone_hears_the_sound_and_then_the_member(
    edge: Edge, bob: Member, members: Telephone, sessions: Sessions, tmp_path: Path
) -> None:
    """PJSIP takes the 183 and the 200, which are two dialogs, as one call, and follows the answer of each."""
    heard, host = tmp_path / "heard.wav", f"{edge.address[0]}:{edge.address[1]}"
    command = [sys.executable, "-m", "tests.integration.pjsip_caller", CUSTOMER_HOST, f"sip:{HOTLINE}@{host}"]
    with subprocess.Popen(
        [*command, str(heard)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as pjsip:
        assert pjsip.stdin is not None
        assert pjsip.stdout is not None
        bob.rings()
        assert until(lambda: is_heard(heard, lambda voice: likeness(voice[-800:], TUNE) > 0.9), PATIENT)
        bob.answers(offer(members, "bob"))
        assert bob.was_acked
        members.plays(media_of(bob.invite.body), tone(LOW, 50))
        assert until(lambda: is_heard(heard, lambda voice: share(voice[-8000:], LOW) > 0.3), PATIENT)
        pjsip.stdin.write(b'{"hang_up": true}\n')
        pjsip.stdin.flush()
        assert bob.was_hung_up
        pjsip.stdin.close()
        facts = [json.loads(line) for line in pjsip.stdout]
    assert [fact["code"] for fact in facts if fact["what"] == "early"] == [183]
    assert sessions.become(0)


def is_heard(file: Path, what: Callable[[list[int]], bool]) -> bool:
    """What is in a WAV file that is still being written."""
    samples = array.array("h", file.read_bytes()[44:][: file.stat().st_size - 44 & ~1]) if file.exists() else []
    return len(samples) > RATE and what(list(samples))
