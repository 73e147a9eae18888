"""A call's tokens know whether it is recorded: its session, begun anew where an rtpengine died, is recorded again."""

import socket
import threading
from collections.abc import Collection, Iterator
from typing import Any, cast

import msgspec
import pytest

from kemi.call import Calls, Ring
from kemi.domain.media import RECORDS, Change, Node, anchored, node_of, profile_in, recorded, resumed, with_profile
from kemi.domain.recording import Note, note_of, read_note
from kemi.kinds import ways
from kemi.media import bencode
from kemi.media.rtpengine import Rtpengines
from kemi.offering import After
from kemi.voice import Voice
from tests.fakes.world import MemoryTable
from tests.unit.given import HOST, NOW, TRUNK, keyring, taken
from tests.unit.test_call import ARRIVED, SDP, legs, opened

SHOWN = "v=0\r\nm=audio 30012 RTP/AVP 8 96\r\na=rtpmap:96 opus/48000/2\r\nm=video 0 RTP/AVP 31\r\n"
NOTED = "30012 96=opus/48000/2"


class Anchors:
    """An rtpengine that says what it is told."""

    def place(self, call: bytes, sdp: str, profiles: Collection[int]) -> tuple[int, dict[int, str]]:
        del call
        return 3, dict.fromkeys(profiles, sdp)


@pytest.mark.parametrize(("first", "then"), [(30, None), (None, 30), (30, 7), (None, None)])
def test_each_leg_knows_what_its_own_group_does(first: int | None, then: int | None) -> None:
    table = MemoryTable()
    change = msgspec.structs.replace
    group = table.groups[1]
    table.groups = {1: change(group, record_days=first, fallback_group=2), 2: change(group, id=2, record_days=then)}
    calls = Calls(table, keyring(), HOST, lambda: NOW, voice=Voice(keyring(), cast(Any, Anchors())))
    ring = calls.invite(ARRIVED, TRUNK, "02727777787", taken(), SDP, b"chance")
    assert isinstance(ring, Ring)
    assert ring.exchange.record == (first or 0)
    assert {bool(opened(leg).media & RECORDS) for leg in legs(ring)} == {first is not None}
    assert ring.rest is not None
    after = calls.after(ring.rest, ring.exchange)
    assert isinstance(after, After)
    assert after.record == (then or 0)
    assert bool(ring.exchange.media & RECORDS) == (then is not None), "and so will the caller's token"
    contact = next(line for line in after.headers[1].split("\r\n") if line.startswith("Contact"))
    assert bool(opened({"Contact": contact.removeprefix("Contact: ")}).media & RECORDS) == (then is not None)


def test_it_is_one_bit_beside_the_others() -> None:
    media = recorded(with_profile(anchored(14, late=True), 3), records=True)
    assert (node_of(media), profile_in(media), bool(media & RECORDS)) == (14, 3, True)
    assert profile_in(with_profile(media, 1)) == 1
    assert with_profile(media, 1) & RECORDS
    assert not recorded(media, records=False) & RECORDS
    assert recorded(0, records=True) == 0, "a direct call"
    assert len(msgspec.msgpack.encode(ways(media))) == len(msgspec.msgpack.encode(ways(RECORDS)))


@pytest.mark.parametrize(
    ("method", "op", "records", "expected"),
    [
        ("INVITE", "answer", True, True), ("ACK", "answer", True, True), ("INVITE", "answer", False, False),
        ("INVITE", "offer", True, False), ("UPDATE", "answer", True, False), ("PRACK", "answer", True, False),
    ],
)  # fmt: skip
def test_it_is_recorded_again_once_both_have_spoken(method: str, op: str, records: bool, expected: bool) -> None:
    media = recorded(anchored(0, late=False), records=records)
    change = resumed(Change(cast(Any, op), "caller", "member"), method, media)
    assert change.records == expected


@pytest.fixture
def node() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(5)
        yield sock


@pytest.mark.parametrize(
    ("side", "already", "note"),
    [("caller", False, f"caller={NOTED}"), ("member", False, f"member={NOTED}"), ("caller", True, "")],
)
def test_a_session_that_does_not_record_is_told_to(side: Any, already: bool, note: str, node: socket.socket) -> None:
    """rtpengine names the files of one that does; what a running recording was told stays."""
    rtpengines = Rtpengines([Node(*node.getsockname())], set(), 3000)
    asked = threading.Thread(
        target=rtpengines.change,
        args=(0, b"c" * 10, Change("answer", side, "member", records=True), "v=0\r\n"),
    )
    asked.start()
    question, whose = node.recvfrom(65_536)
    said: dict[str, bencode.Value] = {"result": "ok", "sdp": SHOWN, **({"recordings": ["/x.pcap"]} if already else {})}
    node.sendto(question.partition(b" ")[0] + b" " + bencode.encode(said), whose)
    asked.join()
    rtpengines.close()
    node.settimeout(0)
    if already:
        with pytest.raises(BlockingIOError):
            node.recv(65_536)
    else:
        told = bencode.decode(node.recv(65_536).partition(b" ")[2])
        assert told == {"call-id": (b"c" * 10).hex(), "command": "start recording", "metadata": note}


def test_a_note_says_whose_ports_are_whose() -> None:
    assert read_note(note_of(SHOWN)) == Note({30012}, set(), {96: "opus/48000/2"}, True)
    assert read_note(note_of(SHOWN, "member")) == Note(set(), {30012}, {96: "opus/48000/2"}, True)
    assert read_note("") == Note(set(), set(), {}, False)
