"""Through which rtpengine a call goes, what is asked of it, and how that is spelt."""

from collections import Counter

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kemi.domain.media import (
    DIRECT,
    Change,
    Node,
    anchored,
    candidates,
    in_reply,
    in_request,
    node_of,
    parse_nodes,
)
from kemi.kinds import ToCaller, decode, parted, ways
from kemi.media import bencode

ASKED = Change("offer", "caller", "member", asked=True)
VALUES = st.recursive(
    st.text() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20
)


@given(VALUES)
def test_what_is_encoded_is_read_again(value: bencode.Value) -> None:
    """Any text, number, list or dictionary."""
    assert bencode.decode(bencode.encode(value)) == value


@given(st.binary(max_size=40))
def test_no_bytes_break_the_reader(raw: bytes) -> None:
    """A `ValueError` is all that a stranger's datagram can cause."""
    try:
        bencode.decode(raw)
    except ValueError:
        return


def test_bencode_as_its_page_has_it() -> None:
    """https://www.bittorrent.org/beps/bep_0003.html"""
    assert bencode.encode({"spam": ["a", "b"], "n": -3}) == b"d4:spaml1:a1:be1:ni-3ee"
    for wrong in (b"", b"i3", b"4:spa", b"l1:a", b"d1:ae", b"i3ei4e", b"-1:a"):
        with pytest.raises(ValueError, match=r"bencode|invalid|substring|not found"):
            bencode.decode(wrong)


@given(st.integers(0, 14), st.booleans())
def test_a_call_remembers_its_node(node: int, late: bool) -> None:
    """And is never taken for a direct one."""
    media = anchored(node, late=late)
    assert media != DIRECT
    assert node_of(media) == node
    assert in_request("ACK", "caller", media) == Change("answer", "member", "caller")
    assert in_request("PRACK", "caller", media) == (Change("answer", "member", "caller") if late else ASKED)


def test_a_token_of_an_anchored_call_is_no_longer() -> None:
    """One byte says both whether it is parted and where its voice goes; an older edge's direct tokens still open."""
    direct, through = (
        ToCaller(b"c" * 10, 1, 2, b"\x7f\0\0\1", b"\x7f\0\0\1\x13\xc4", "t", "r", "tag", "id", "02", "u", ways(media))
        for media in (DIRECT, anchored(5, late=True))
    )
    packed = [decode_size(one) for one in (direct, through)]
    assert packed[0] == packed[1]
    assert (direct.media, direct.parted) == (DIRECT, False)
    brief, _ = parted(through)
    assert isinstance(brief, ToCaller)
    assert (brief.media, brief.parted) == (anchored(5, late=True), True)


def decode_size(token: ToCaller) -> int:
    raw = msgspec.msgpack.encode(token)
    assert decode(raw) == token
    return len(raw)


def test_calls_are_shared_by_weight() -> None:
    """Two to one, and every call has its own order; a node that is down is asked by none."""
    nodes = parse_nodes("udp:192.0.2.1:2223=2 udp:[2001:db8::1]:2223")
    assert nodes == (Node("192.0.2.1", 2223, 2), Node("2001:db8::1", 2223))
    calls = [number.to_bytes(10, "big") for number in range(3000)]
    first = Counter(next(candidates(call, nodes, set())) for call in calls)
    assert 1850 < first[0] < 2150
    assert all(sorted(candidates(call, nodes, set())) == [0, 1] for call in calls[:50])
    assert all(list(candidates(call, nodes, {0})) == [1] for call in calls[:50])
    assert list(candidates(calls[0], nodes, {0, 1})) == []


@pytest.mark.parametrize("text", ["tcp:192.0.2.1:1", "udp:192.0.2.1", "udp::5", "udp:192.0.2.1:5=0", "udp:h:99999"])
def test_what_is_no_rtpengine_is_refused(text: str) -> None:
    """In words that say what it must be."""
    with pytest.raises(ValueError, match="must be udp:"):
        parse_nodes(text)


def test_only_offers_and_answers_carry_sdp() -> None:
    """A BYE, an INFO or a 488 that tells addresses does not."""
    media = anchored(0, late=False)
    assert in_request("INVITE", "member", media) == Change("offer", "member", "caller", asked=True)
    assert in_request("UPDATE", "caller", media) == ASKED
    for method in ("BYE", "INFO", "OPTIONS"):
        assert in_request(method, "caller", media) is None
        assert in_reply(method, "caller", 200, media, offered=True) is None
    assert in_reply("INVITE", "caller", 488, media, offered=True) is None
    assert in_reply("INVITE", "caller", 183, media, offered=True) == Change("answer", "caller", "member")
    assert in_reply("INVITE", "member", 200, media, offered=False) == Change("offer", "caller", "member")
